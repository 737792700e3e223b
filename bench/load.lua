-- What wrk sends: GET or POST, each request with the next of the tokens, all written out before the clock starts.
-- Arguments: get|post, the file of tokens, the file of the body. Ends with one line of JSON.

local requests, at = {}, 0

function init(arguments)
  local scenario, tokens, body = arguments[1], arguments[2], io.open(arguments[3]):read("*a")
  for token in io.lines(tokens) do
    local headers = {Authorization = "Bearer " .. token, Host = "127.0.0.1"}
    if scenario == "post" then
      headers["Content-Type"] = "application/json"
      requests[#requests + 1] = wrk.format("POST", "/api/v1/orders", headers, body)
    else
      requests[#requests + 1] = wrk.format("GET", "/api/v1/orders/" .. (1000 + #requests), headers)
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
