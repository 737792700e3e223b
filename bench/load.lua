-- What wrk sends: GET or POST, each request with the next of the tokens, all written out before the clock starts.
-- Arguments: get|post|browser|stream, the file of tokens, the file of the body. Ends with one line of JSON.

local requests, at = {}, 0

-- What Chromium sends with a fetch() of its own page's API, beside Host and Authorization: eleven fields.
local browser = {
  ["sec-ch-ua"] = '"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"',
  ["sec-ch-ua-mobile"] = "?0",
  ["sec-ch-ua-platform"] = '"Linux"',
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
  ["Accept"] = "*/*",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "de-CH,de;q=0.9,en;q=0.8",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Sec-Fetch-Mode"] = "cors",
  ["Sec-Fetch-Dest"] = "empty",
  ["Referer"] = "https://127.0.0.1/orders",
}

function init(arguments)
  local scenario, tokens, body = arguments[1], arguments[2], io.open(arguments[3]):read("*a")
  for token in io.lines(tokens) do
    local headers = {Authorization = "Bearer " .. token, Host = "127.0.0.1"}
    if scenario == "post" then
      headers["Content-Type"] = "application/json"
      requests[#requests + 1] = wrk.format("POST", "/api/v1/orders", headers, body)
    else
      if scenario == "browser" then
        for name, value in pairs(browser) do headers[name] = value end
      end
      local path = scenario == "stream" and "/api/v1/streams/" or "/api/v1/orders/"
      requests[#requests + 1] = wrk.format("GET", path .. (1000 + #requests), headers)
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
