-- The owner of a run refuses a step's result, because nobody who has the signing keys wrote it: that attempt has failed,
-- and the step is tried again, or has failed for good. KEYS: run, events.
-- ARGV: owner's fence, step, the step's fence, the result that is refused, failures after which it is not tried again,
--       event of the next try, the failure, its event up to the failure.
-- Where somebody works on the step, or is to, it goes on without that result. Returns 'OK', 'STALE' (somebody else owns the run), 'ENDED' or 'OTHER' (the step has another result or attempt by now).
local s = ARGV[2]
local run = redis.call('HMGET', KEYS[1], 'state', 'fence', s .. '.fence', s .. '.result', s .. '.failures', s .. '.attempt',
  s .. '.state')
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[1] then return 'STALE' end
if (run[3] or '0') ~= ARGV[3] or run[4] ~= ARGV[4] then return 'OTHER' end
if run[7] ~= 'answered' and run[7] ~= 'nothing_found' and run[7] ~= 'failed' then
  redis.call('HDEL', KEYS[1], s .. '.result')
  return 'OK'
end
local fence, attempt = ARGV[3] + 1, run[6] or '0'
if tonumber(run[5] or '0') < tonumber(ARGV[5]) then
  local t = redis.call('TIME')
  redis.call('HDEL', KEYS[1], s .. '.result')
  redis.call('HINCRBY', KEYS[1], s .. '.failures', 1)
  redis.call('HSET', KEYS[1], s .. '.state', 'retrying', s .. '.fence', fence,
    s .. '.until', t[1] * 1000 + math.floor(t[2] / 1000))
  redis.call('XADD', KEYS[2], '*', 'e', ARGV[6], 'a', attempt, 'f', fence)
else
  redis.call('HSET', KEYS[1], s .. '.state', 'failed', s .. '.fence', fence, s .. '.result', ARGV[7])
  redis.call('XADD', KEYS[2], '*', 'e', ARGV[8] .. ARGV[7] .. '}', 'a', attempt, 'f', fence)
end
return 'OK'
