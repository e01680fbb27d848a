-- Take in a part of a document's files, which goes by itself unless shelve.lua keeps it. KEYS: document.
-- ARGV: field, part, how long it waits for the others (ms).
-- A part that was sent again and comes late does not touch a document that is kept already.
if redis.call('PTTL', KEYS[1]) == -1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
