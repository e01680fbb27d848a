-- Become the owner of a run that nobody holds. KEYS: run, events, active. ARGV: id, owner, lease ms.
-- Returns nil when it is held, ended or gone; else {fence, now ms, all fields of the run}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local run = redis.call('HMGET', KEYS[1], 'state', 'until')
if run[1] ~= 'running' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  return nil
end
if tonumber(run[2]) > now then return nil end
local till = now + ARGV[3]
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'until', till)
redis.call('ZADD', KEYS[3], till, ARGV[1])
return {fence, now, redis.call('HGETALL', KEYS[1])}
