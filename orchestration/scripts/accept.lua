-- Take a task in, once. KEYS: run, events, active, conversation, conversations.
-- ARGV: id, task, accepted event, owner ('' = nobody yet), lease ms, deadline ms from now, hints channel,
--       conversation ('' = none), retention ms.
-- Returns {1, now ms} when it is new, else {0, now ms, the task that has this id}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if redis.call('EXISTS', KEYS[1]) == 1 then return {0, now, redis.call('HGET', KEYS[1], 'task')} end
local owned = ARGV[4] ~= ''
local till = owned and (now + ARGV[5]) or 0
redis.call('HSET', KEYS[1], 'state', 'running', 'task', ARGV[2], 'owner', ARGV[4],
  'fence', owned and 1 or 0, 'until', till, 'accepted', now, 'deadline', now + ARGV[6])
redis.call('ZADD', KEYS[3], till, ARGV[1])
redis.call('XADD', KEYS[2], '*', 'e', ARGV[3])
if ARGV[8] ~= '' then
  redis.call('RPUSH', KEYS[4], ARGV[1])
  redis.call('PEXPIRE', KEYS[4], ARGV[9])
  redis.call('ZADD', KEYS[5], now, ARGV[8])
  redis.call('ZREMRANGEBYSCORE', KEYS[5], 0, now - ARGV[9])
  redis.call('PEXPIRE', KEYS[5], ARGV[9])
end
if not owned then redis.call('PUBLISH', ARGV[7], ARGV[1]) end
return {1, now}
