-- A person approves the plan, once; the run gets its time back and a turn, and is there for whoever drives runs.
-- KEYS: run, events, active, waiting, awaiting, turns.
-- ARGV: id, person, this approval, schema's major version, schema, places, hints channel, how far behind all others
--       turns in the background are, n, then n times field and value, then events.
-- Returns 'OK', 'UNKNOWN' (no such run of this person), 'ENDED', 'APPROVED' (it was already) or 'EARLY' (there is no plan yet).
local id = ARGV[1]
local run = redis.call('HMGET', KEYS[1], 'state', 'person', 'left', 'approval', 'fence', 'proposed',
  'queue', 'apart')
if not run[1] or run[2] ~= ARGV[2] then return 'UNKNOWN' end
-- The same approval: the reply to the first try was lost.
if run[4] == ARGV[3] then return 'OK' end
if run[1] ~= 'running' then return 'ENDED' end
if run[4] then return 'APPROVED' end
if not run[3] then return 'EARLY' end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREM', KEYS[5], id)
-- As if it were asked now: whoever approves many plans at once does not come before everybody else.
local queue, apart = run[7] or '', tonumber(run[8] or '1')
local behind = queue == '' and 0 or tonumber(ARGV[8])
local last = tonumber(redis.call('HGET', KEYS[6], queue) or '0') % ARGV[8]
local turn = math.max(last, tonumber(redis.call('HGET', KEYS[6], queue .. ':' .. ARGV[2]) or '0')) + apart
local free = ARGV[6] - (redis.call('ZCARD', KEYS[3]) - redis.call('ZCARD', KEYS[4]) - redis.call('ZCARD', KEYS[5]) - 1)
local ahead = redis.call('ZCOUNT', KEYS[4], '-inf', turn + behind)
redis.call('HSET', KEYS[6], queue .. ':' .. ARGV[2], turn)
redis.call('ZADD', KEYS[4], turn + behind, id)
local n = tonumber(ARGV[9])
-- A higher fence: whoever offered the plan owns the run no more. Any program of this major version can go on now.
redis.call('HSET', KEYS[1], 'approval', ARGV[3], 'approved', now, 'waited', now - run[6], 'deadline', now + run[3],
  'fence', run[5] + 1, 'owner', '', 'until', 0, 'schema', ARGV[4], unpack(ARGV, 10, 9 + 2 * n))
redis.call('HDEL', KEYS[1], 'left')
redis.call('ZADD', KEYS[3], 0, id)
for i = 10 + 2 * n, #ARGV do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'f', run[5] + 1) end
if ahead > 0 or free <= 0 then
  redis.call('XADD', KEYS[2], '*', 'e', cjson.encode({v = ARGV[5], kind = 'waiting', run = id, ahead = ahead}))
end
redis.call('PUBLISH', ARGV[7], '')
return 'OK'
