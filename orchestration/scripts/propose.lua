-- Offer the plan to the person and let go of the run: until it is approved nobody owns it, it holds no place, and its
-- deadline stands still. Offering again what was offered only lets go of it. KEYS: run, events, active, waiting,
-- awaiting.
-- ARGV: id, owner's fence, ms that it may wait, n, then n times field and value, then events.
-- Returns 'OK', 'STALE' (somebody else owns it, or it was approved meanwhile) or 'ENDED'.
local run = redis.call('HMGET', KEYS[1], 'state', 'fence', 'left', 'deadline', 'approval')
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[2] or run[5] then return 'STALE' end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local till = run[3] and tonumber(run[4]) or now + ARGV[3]
if not run[3] then
  local n = tonumber(ARGV[4])
  redis.call('HSET', KEYS[1], 'left', run[4] - now, 'proposed', now, 'deadline', till, 'begun', 0, unpack(ARGV, 5, 4 + 2 * n))
  for i = 5 + 2 * n, #ARGV do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'f', run[2]) end
end
redis.call('HSET', KEYS[1], 'owner', '', 'until', till)
redis.call('ZADD', KEYS[3], till, ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZADD', KEYS[5], till, ARGV[1])
return 'OK'
