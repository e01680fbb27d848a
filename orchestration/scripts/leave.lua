-- Remove a consumer that holds nothing. KEYS: tasks. ARGV: group, consumer. Returns 1 when removed.
local p = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if p[1] then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
