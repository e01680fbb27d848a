-- Write down what the owner decided, before it acts on it; also renews its hold.
-- KEYS: run, events, active. ARGV: id, owner's fence, lease ms, n, then n times field and value, then events.
-- Returns 'OK', 'STALE' (somebody else owns it) or 'ENDED' (it is over, or was let go of to await its approval).
local run = redis.call('HMGET', KEYS[1], 'state', 'fence', 'owner')
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[2] then return 'STALE' end
if run[3] == '' then return 'ENDED' end
local t = redis.call('TIME')
local till = t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[3]
redis.call('ZADD', KEYS[3], till, ARGV[1])
local n = tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'until', till, unpack(ARGV, 5, 4 + 2 * n))
for i = 5 + 2 * n, #ARGV do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'f', run[2]) end
return 'OK'
