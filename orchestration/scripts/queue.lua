-- Mark steps as queued, before they are sent, and renew the owner's hold. A step that a worker has by now, or that has
-- a result, stays as it is: what the owner knows of it was old. KEYS: run, active. ARGV: id, owner's fence, lease ms, steps.
-- Returns {'OK', the steps that are to be sent}, {'STALE'} (somebody else owns the run) or {'ENDED'}.
local run = redis.call('HMGET', KEYS[1], 'state', 'fence')
if run[1] ~= 'running' then return {'ENDED'} end
if run[2] ~= ARGV[2] then return {'STALE'} end
local t = redis.call('TIME')
local till = t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[3]
redis.call('HSET', KEYS[1], 'until', till)
redis.call('ZADD', KEYS[2], till, ARGV[1])
local queued = {}
for i = 4, #ARGV do
  local state = redis.call('HGET', KEYS[1], ARGV[i] .. '.state')
  if state == 'waiting' or state == 'retrying' then
    redis.call('HSET', KEYS[1], ARGV[i] .. '.state', 'queued')
    state = 'queued'
  end
  if state == 'queued' then queued[#queued + 1] = ARGV[i] end
end
return {'OK', queued}
