-- Take a document off its shelf, with its files. KEYS: record, shelves, shelf, document.
-- ARGV: shelf's name, document's name, upload. Returns 1, or 0 when it is gone or another one has its name.
local before = redis.call('HGET', KEYS[3], ARGV[2])
if not before or string.match(before, '^%d+ (%S+) ') ~= ARGV[3] then return 0 end
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('UNLINK', KEYS[4])
redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[1], 'generation', 1), ARGV[1])
return 1
