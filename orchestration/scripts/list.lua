-- What is on a shelf, at one moment. KEYS: record, shelf, unwanted.
-- Returns {record's id, record's generation, {document's name, what shelve.lua wrote, ...}, {unwanted names}}.
local record = redis.call('HMGET', KEYS[1], 'id', 'generation')
return {record[1], tonumber(record[2] or '0'), redis.call('HGETALL', KEYS[2]), redis.call('SMEMBERS', KEYS[3])}
