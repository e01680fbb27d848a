-- Keep a step's lease; only its owner can. KEYS: run. ARGV: step, fence, lease ms. Returns 'OK', 'STALE' or 'ENDED'.
local run = redis.call('HMGET', KEYS[1], 'state', ARGV[1] .. '.fence', ARGV[1] .. '.state')
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[2] or run[3] ~= 'running' then return 'STALE' end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1] .. '.until', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[3])
return 'OK'
