-- A history has gone past an entry; what all histories have gone past expires. KEYS: histories, ended, absent.
-- ARGV: history, entry, ms of silence after which a history counts no more, retention ms, what the key of a run begins
--       with, most entries at once. Returns how many entries were let go.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. now)
local least, least_ms, least_number
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known, 2 do
  local ms, number, heard = string.match(known[i + 1], '^(%d+)-(%d+) (%d+)$')
  ms, number = tonumber(ms), tonumber(number)
  if now - heard >= tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], known[i])
  elseif not least or ms < least_ms or (ms == least_ms and number < least_number) then
    least, least_ms, least_number = string.match(known[i + 1], '^%S+'), ms, number
  end
end
local passed = redis.call('XRANGE', KEYS[2], '-', least, 'COUNT', ARGV[6])
for _, entry in ipairs(passed) do
  if entry[2][1] == 'run' then
    local key = ARGV[5] .. entry[2][2]
    redis.call('PEXPIRE', key, ARGV[4])
    redis.call('PEXPIRE', key .. ':events', ARGV[4])
  end
  redis.call('XDEL', KEYS[2], entry[1])
end
if redis.call('XLEN', KEYS[2]) == 0 then redis.call('DEL', KEYS[2]) end
return #passed
