-- End a run, once. Its keys expire, unless a history has still to take it over: kept.lua lets them expire then.
-- KEYS: run, events, active, waiting, people, turns, pace, ended, histories, awaiting, absent.
-- ARGV: id, owner's fence ('' = whoever asks, for Stop), state, result, retention ms, hints channel,
--       ms of silence after which a history counts no more, what the key of a run begins with, events.
-- Returns {'OK', number of runs that wait}, {'STALE'} or {'ENDED'}.
local id = ARGV[1]
local run = redis.call('HMGET', KEYS[1], 'state', 'fence', 'person', 'begun', 'result')
if not run[1] and ARGV[2] == '' then
  -- Stopped before it has arrived: accept.lua finds it known, whenever it does.
  redis.call('HSET', KEYS[1], 'state', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
if run[1] ~= 'running' then
  -- The same end under the same fence: the reply to the first try was lost.
  if run[1] == ARGV[3] and run[2] == ARGV[2] and run[5] == ARGV[4] then return {'OK', redis.call('ZCARD', KEYS[4])} end
  return {'ENDED'}
end
if ARGV[2] ~= '' and run[2] ~= ARGV[2] then return {'STALE'} end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'result', ARGV[4])
for i = 9, #ARGV do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'f', run[2]) end
redis.call('ZREM', KEYS[3], id)
redis.call('ZREM', KEYS[4], id)
redis.call('ZREM', KEYS[10], id)
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local followed = false
for _, history in ipairs(redis.call('HVALS', KEYS[9])) do
  followed = followed or now - string.match(history, '%d+$') < tonumber(ARGV[7])
end
if followed then
  redis.call('XADD', KEYS[8], '*', 'run', id)
else
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
  -- Histories that are gone for good left runs behind: some expire with every run that ends.
  redis.call('DEL', KEYS[9])
  for _, entry in ipairs(redis.call('XRANGE', KEYS[8], '-', '+', 'COUNT', 100)) do
    local key = ARGV[8] .. entry[2][2]
    redis.call('PEXPIRE', key, ARGV[5])
    redis.call('PEXPIRE', key .. ':events', ARGV[5])
    redis.call('XDEL', KEYS[8], entry[1])
  end
  if redis.call('XLEN', KEYS[8]) == 0 then redis.call('DEL', KEYS[8]) end
end
if run[3] and redis.call('HINCRBY', KEYS[5], run[3], -1) <= 0 then
  redis.call('HDEL', KEYS[5], run[3])
  redis.call('HDEL', KEYS[6], ':' .. run[3], 'background:' .. run[3])
end
if run[4] and run[4] ~= '0' then
  redis.call('LPUSH', KEYS[7], now - run[4])
  redis.call('LTRIM', KEYS[7], 0, 99)
end
if ARGV[2] == '' then redis.call('PUBLISH', ARGV[6], '') end
return {'OK', redis.call('ZCARD', KEYS[4])}
