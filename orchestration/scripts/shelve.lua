-- Put an uploaded document onto a shelf, in place of the one of the same name.
-- KEYS: record, shelves, shelf, unwanted, document, what documents' keys begin with.
-- ARGV: shelf's name, document's name, upload, entry, number of parts, beginning of the documents' keys, whose place it
--       takes ('*' = whoever's; else the upload that has to be there, '' = none).
-- Returns {'OK', generation, 1 if another one was there}, {'LOST'} when the parts are not all there any more, {'OTHER'} when another one is there.
local before = redis.call('HGET', KEYS[3], ARGV[2])
local generation, upload
if before then generation, upload = string.match(before, '^(%d+) (%S+) ') end
if upload == ARGV[3] then return {'OK', tonumber(generation), 0} end
if ARGV[7] ~= '*' and ARGV[7] ~= (upload or '') then
  redis.call('UNLINK', KEYS[5])
  return {'OTHER'}
end
if redis.call('HLEN', KEYS[5]) ~= tonumber(ARGV[5]) then return {'LOST'} end
redis.call('PERSIST', KEYS[5])
if upload then redis.call('UNLINK', ARGV[6] .. upload) end
generation = redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('ZADD', KEYS[2], generation, ARGV[1])
redis.call('HSET', KEYS[3], ARGV[2], generation .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('SREM', KEYS[4], ARGV[2])
return {'OK', generation, upload and 1 or 0}
