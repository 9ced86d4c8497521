-- wrk: eligibility checks by card, each body of the file REQUESTS once, because a challenge is good for one use. Environment:
-- TOKEN, REQUESTS, SKIP (bytes of the file that earlier runs sent), EXPECT (a text that each answer has), VERIFY. Tells in RESULT
-- how many bytes it took; stops when the file ends, and says RAN OUT instead. One thread only.
local head = table.concat({ "POST /v1/eligibility-checks HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
  "Authorization: Bearer " .. os.getenv("TOKEN"), "Content-Length: " }, "\r\n")
local file
taken = 0
ran_out = 0
bad = 0

function init(args)
  file = assert(io.open(os.getenv("REQUESTS")))
  file:seek("set", tonumber(os.getenv("SKIP")))
  file:setvbuf("full", 1048576)
end

function request()
  local body = file:read("*l")
  if body == nil then
    ran_out = 1
    wrk.thread:stop()
    return "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  end
  taken = taken + #body + 1
  return head .. #body .. "\r\n\r\n" .. body
end

local expected = os.getenv("EXPECT")
function response(status, headers, body)
  if status ~= 200 or not body:find(expected, 1, true) then
    bad = bad + 1
  end
end
-- Looking at each answer costs the load generator; `verify` runs do, measured runs do not.
if os.getenv("VERIFY") ~= "1" then
  response = nil
end

local thread
function setup(one)
  thread = one
end

function done(summary, latency, requests)
  if thread:get("ran_out") == 1 then
    io.write("RAN OUT\n")
    return
  end
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
    summary.errors.timeout, thread:get("bad"), thread:get("taken")))
end
