-- What wrk sends: BATCH events a request, each with an id of its own; EVENT has @ in the place of its id.
-- With PAUSE, a connection waits so many milliseconds between its requests. The last line of the output is JSON.

local batch, pause = tonumber(os.getenv("BATCH")), tonumber(os.getenv("PAUSE"))
local before, after = os.getenv("EVENT"):match("^(.*)@(.*)$")
local count, pieces = 0, {}

local function event()
  count = count + 1
  return before .. string.format("%010d", count) .. after
end

function init()
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  if batch == 1 then return wrk.format("POST", nil, nil, event()) end
  for at = 1, batch do pieces[at] = event() end
  return wrk.format("POST", nil, nil, "[" .. table.concat(pieces, ",") .. "]")
end

if pause > 0 then
  function delay() return pause end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n', summary.requests,
    summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
