-- Give the record a new id: it has gone back to an older state. KEYS: record. ARGV: the id it has, the new one.
-- Only one of those who notice does it. Returns the id that it has then.
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('HSET', KEYS[1], 'id', ARGV[2]) end
return redis.call('HGET', KEYS[1], 'id')
