-- Let runs that wait begin, in the order of their turns, while there are places. KEYS: active, waiting, turns,
-- awaiting, absent. ARGV: places, schema, what the key of a run begins with, how far behind all others turns in the
-- background are. Returns how many began.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
-- A program that knows of no approvals may have ended one of these.
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
local free = ARGV[1] - (redis.call('ZCARD', KEYS[1]) - redis.call('ZCARD', KEYS[2]) - redis.call('ZCARD', KEYS[4]))
local begun = 0
while begun < free do
  local next = redis.call('ZPOPMIN', KEYS[2])
  if not next[1] then break end
  local key = ARGV[3] .. next[1]
  if redis.call('HGET', key, 'state') == 'running' then
    redis.call('HSET', key, 'begun', now)
    local turn, behind = tonumber(next[2]), tonumber(ARGV[4])
    if turn >= behind then
      redis.call('HSET', KEYS[3], 'background', turn - behind)
    else
      redis.call('HSET', KEYS[3], '', next[2])
    end
    -- It may be a run of another major version, whose program has to read this.
    local its = redis.call('HGET', key, 'schema') or ''
    local same = its == '' or string.match(its, '^%d+') == string.match(ARGV[2], '^%d+')
    local event = {v = same and ARGV[2] or its, kind = 'begun', run = next[1]}
    redis.call('XADD', key .. ':events', '*', 'e', cjson.encode(event))
    begun = begun + 1
  else
    redis.call('ZREM', KEYS[1], next[1])
  end
end
return begun
