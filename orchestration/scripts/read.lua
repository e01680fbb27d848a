-- A run at one moment, by the clock of the server that has it. KEYS: run. ARGV: fields; none = all of them.
-- Returns {now ms, values of these fields}, or {now ms, {field, value, ...}}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if #ARGV == 0 then return {now, redis.call('HGETALL', KEYS[1])} end
return {now, redis.call('HMGET', KEYS[1], unpack(ARGV))}
