"""Python's clients: client.py requests|httpx URL CA_FILE, with the steps as JSON on standard input. Prints the answers as JSON."""
import base64
import json
import sys

name, url, authority = sys.argv[1:]
answers = []
if name == 'requests':
    import requests
    session = requests.Session()
else:
    import httpx
    session = httpx.Client(verify=authority)
for step in json.load(sys.stdin):
    words = {'params': {key: str(value).lower() if value is True else value for key, value in step.get('query', {}).items()}, 'headers': step.get('headers', {})}
    if 'json' in step:
        words['json'] = step['json']
    if 'file' in step:
        words['files'] = {'file': ('a.bin', step['file'].encode(), 'application/octet-stream')}
    if name == 'requests':
        words['verify'] = authority  # the environment would go before the session's
    answer = session.request(step['method'], url + step['path'].format(**step.get('ids', {})), **words)
    answers.append({'status': answer.status_code, 'body': base64.b64encode(answer.content).decode()})
print(json.dumps(answers))
