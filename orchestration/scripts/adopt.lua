-- Become the owner of a run that nobody holds. KEYS: run, active, waiting.
-- ARGV: id, owner, lease ms, schema's major version.
-- Returns nil when it is held by another one, ended, gone or written by another major version; else {fence, now ms, all fields of the run}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local run = redis.call('HMGET', KEYS[1], 'state', 'until', 'schema', 'owner', 'fence')
if run[1] ~= 'running' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  return nil
end
if (run[3] or ARGV[4]) ~= ARGV[4] then return nil end
if tonumber(run[2] or '0') > now then
  -- Held by whoever asks: the reply to the first try was lost.
  if run[4] == ARGV[2] then return {tonumber(run[5]), now, redis.call('HGETALL', KEYS[1])} end
  return nil
end
local till = now + ARGV[3]
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'until', till)
redis.call('ZADD', KEYS[2], till, ARGV[1])
return {fence, now, redis.call('HGETALL', KEYS[1])}
