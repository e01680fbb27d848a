-- A message has done its work; its outcome counts once. KEYS: tasks, breaker.
-- ARGV: group, message id, outcome of the attempt ('' = none, 'ok', 'failed'), failures in a row until the agent is
--       left out, ms that it is left out the first time (doubled each time), most ms.
local first = redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
if first == 0 then return 0 end
if ARGV[3] == 'ok' then
  redis.call('DEL', KEYS[2])
elseif ARGV[3] == 'failed' then
  if redis.call('HINCRBY', KEYS[2], 'failures', 1) >= tonumber(ARGV[4]) then
    local t = redis.call('TIME')
    local now = t[1] * 1000 + math.floor(t[2] / 1000)
    if tonumber(redis.call('HGET', KEYS[2], 'until') or '0') <= now then
      local opened = redis.call('HINCRBY', KEYS[2], 'opened', 1)
      redis.call('HSET', KEYS[2], 'until', now + math.min(ARGV[5] * 2 ^ (opened - 1), tonumber(ARGV[6])))
    end
  end
  -- Failures that are long past say nothing about now.
  redis.call('PEXPIRE', KEYS[2], 4 * ARGV[6])
end
return 1
