-- Become the owner of a run that nobody holds. KEYS: run, active, waiting, awaiting.
-- ARGV: id, owner, lease ms, schema.
-- Returns nil when it is held by another one, ended, gone, or for another major version or a newer program; else {fence,
-- now ms, all fields of the run}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local run = redis.call('HMGET', KEYS[1], 'state', 'until', 'schema', 'owner', 'fence')
if run[1] ~= 'running' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZREM', KEYS[4], ARGV[1])
  return nil
end
local major, minor = string.match(ARGV[4], '^(%d+)%.(%d+)$')
local its_major, its_minor = string.match(run[3] or major, '^(%d+)%.?(%d*)$')
if its_major ~= major or (tonumber(its_minor) or 0) > tonumber(minor) then return nil end
if tonumber(run[2] or '0') > now then
  -- Held by whoever asks: the reply to the first try was lost.
  if run[4] == ARGV[2] then return {tonumber(run[5]), now, redis.call('HGETALL', KEYS[1])} end
  return nil
end
local till = now + ARGV[3]
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'former', run[4] or '', 'until', till)
redis.call('ZADD', KEYS[2], till, ARGV[1])
return {fence, now, redis.call('HGETALL', KEYS[1])}
