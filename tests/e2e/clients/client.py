"""Python's clients, with the fields that they send by themselves: client.py urllib|requests|httpx METHOD URL CA_FILE

Prints the status, a space and the body.
"""

import sys

name, method, url, authority = sys.argv[1:]
body = b'{"title":"x"}' if method == 'POST' else None
headers = {'Content-Type': 'application/json'} if body else {}
if name == 'urllib':
    import ssl
    from urllib.request import Request, urlopen
    answer = urlopen(Request(url, data=body, headers=headers, method=method), context=ssl.create_default_context(cafile=authority))
    status, text = answer.status, answer.read().decode()
elif name == 'requests':
    import requests
    answer = requests.request(method, url, data=body, headers=headers, verify=authority)
    status, text = answer.status_code, answer.text
else:
    import httpx
    answer = httpx.request(method, url, content=body, headers=headers, verify=authority)
    status, text = answer.status_code, answer.text
print(status, text, end='')
