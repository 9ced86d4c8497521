-- wrk: eligibility checks by typed keys, another member of demo/fill on each request. The keys follow from i as
-- demo/fill.sql tells. Environment: MEMBERS, TOKEN, PACE (milliseconds each connection waits on average; 0: none).
local insurers = { [0] = "01010016", "01230010", "01270016", "01400019", "06130017", "06270029", "06140032", "00138016",
  "00270017", "39270012" }
local members = tonumber(os.getenv("MEMBERS"))
local pace = tonumber(os.getenv("PACE") or "0")
local started = 0

wrk.method = "POST"
wrk.path = "/v1/eligibility-checks"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")

local function date_of(days)
  -- Days since 1970-01-01 to a date, without the C library.
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format("%04d-%02d-%02d", year, month, day)
end

local function body_of(i)
  local insurer = insurers[i % 10]
  if i % 10 == 9 then
    return string.format('{"presented":{"kind":"eligibility_certificate","insurer_number":"%s","number":"%08d","birth_date":"%s"}}',
      insurer, i, date_of(-12784 + i * 7919 % 5000))
  end
  return string.format(
    '{"presented":{"kind":"eligibility_certificate","insurer_number":"%s","symbol":"%08d","number":"%07d","branch_number":"00","birth_date":"%s"}}',
    insurer, math.floor(i / 1000), i, date_of(-5479 + i * 7919 % 25000))
end

-- Made beforehand, so that the load costs little while it runs; drawn without a pattern that caches could follow.
local prepared = {}
local at = 0

function init(args)
  math.randomseed(os.time())
  for k = 1, 20000 do
    prepared[k] = wrk.format(nil, nil, nil, body_of(math.random(1, members)))
  end
end

function request()
  at = at % #prepared + 1
  return prepared[at]
end

if pace > 0 then
  function delay()
    return math.random(0, 2 * pace)
  end
end

bad = 0
function response(status, headers, body)
  if status ~= 200 or not body:find('"validity":"valid"', 1, true) then
    bad = bad + 1
  end
end
-- Looking at each answer costs the load generator; `verify` runs do, measured runs do not.
if os.getenv("VERIFY") ~= "1" then
  response = nil
end

local threads = {}
function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency, requests)
  local wrong = 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("bad")
  end
  io.write(string.format("RESULT %d %d %d %d %d %d 0\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
    summary.errors.timeout, wrong))
end
