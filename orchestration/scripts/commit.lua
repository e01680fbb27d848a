-- Commit a step's result, once: state, result and events together; its token events are superseded and removed. Where one
-- server has everything its message is acknowledged in the same moment, unless a newer attempt owns the step.
-- KEYS: run, events; then, where that is so, tasks and the agent's breaker, which a success closes.
-- ARGV: step, fence, state, result, its event up to the result, group, message id, n, n events that go before it,
--       ids of its token events.
-- Returns 'OK', 'DONE' (it has a result), 'STALE' (a newer attempt owns it, or it was given back) or 'ENDED' (the run is over).
local s = ARGV[1]
local function acknowledge()
  if KEYS[3] and redis.call('XACK', KEYS[3], ARGV[6], ARGV[7]) == 1 then
    redis.call('XDEL', KEYS[3], ARGV[7])
    return true
  end
  return false
end
local run = redis.call('HMGET', KEYS[1], 'state', s .. '.fence', s .. '.state', s .. '.attempt')
if run[1] ~= 'running' then
  acknowledge()
  return 'ENDED'
end
-- It was given back, and waits for the next worker under this very message.
if run[3] == 'queued' then return 'STALE' end
if run[3] ~= 'running' then
  acknowledge()
  return 'DONE'
end
if run[2] ~= ARGV[2] then return 'STALE' end
redis.call('HSET', KEYS[1], s .. '.state', ARGV[3], s .. '.result', ARGV[4])
local n = tonumber(ARGV[8])
for i = 9, 8 + n do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'a', run[4], 'f', run[2]) end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[5] .. ARGV[4] .. '}', 'a', run[4], 'f', run[2])
for i = 9 + n, #ARGV do redis.call('XDEL', KEYS[2], ARGV[i]) end
if acknowledge() and ARGV[3] ~= 'failed' then redis.call('DEL', KEYS[4]) end
return 'OK'
