-- Move a document to another shelf. Its files stay as they are.
-- KEYS: record, shelves, shelf, other shelf, what is unwanted there.
-- ARGV: shelf's name, other shelf's name, document's name, upload, beginning of the documents' keys.
-- Returns {'OK', generation}, {'GONE'}, or {'OTHER'} when there is one of the same name.
local there = redis.call('HGET', KEYS[4], ARGV[3])
local generation, upload
if there then generation, upload = string.match(there, '^(%d+) (%S+) ') end
if upload == ARGV[4] then return {'OK', tonumber(generation)} end
local here = redis.call('HGET', KEYS[3], ARGV[3])
if not here or string.match(here, '^%d+ (%S+) ') ~= ARGV[4] then return {'GONE'} end
if upload then return {'OTHER'} end
generation = redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('ZADD', KEYS[2], generation, ARGV[1], generation, ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[3])
redis.call('HSET', KEYS[4], ARGV[3], generation .. string.match(here, '^%d+(.*)$'))
redis.call('SREM', KEYS[5], ARGV[3])
return {'OK', generation}
