-- Remember that people took these documents of the catalog out. KEYS: record, shelves, unwanted.
-- ARGV: shelf's name, documents' names.
for i = 2, #ARGV do redis.call('SADD', KEYS[3], ARGV[i]) end
redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[1], 'generation', 1), ARGV[1])
return 1
