-- Mark steps as queued; they are sent in the same round trip, and older messages of them count no more. A step that a
-- worker has by now, or that has a result, stays as it is: what the owner knows of it was old, and its message finds it
-- taken. KEYS: run. ARGV: owner's fence, then for each step its name and how often this owner has sent it, now included.
-- Returns 'OK', 'STALE' (somebody else owns the run) or 'ENDED'.
local names = {'state', 'fence'}
for i = 2, #ARGV, 2 do
  names[#names + 1] = ARGV[i] .. '.state'
  names[#names + 1] = ARGV[i] .. '.until'
end
local run = redis.call('HMGET', KEYS[1], unpack(names))
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[1] then return 'STALE' end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local changed = {}
for i = 2, #ARGV, 2 do
  local state, till = run[i + 1], run[i + 2]
  local lapsed = state == 'running' and tonumber(till) < now
  if state == 'waiting' or state == 'retrying' then
    changed[#changed + 1] = ARGV[i] .. '.state'
    changed[#changed + 1] = 'queued'
  end
  if state == 'waiting' or state == 'retrying' or state == 'queued' or lapsed then
    changed[#changed + 1] = ARGV[i] .. '.sent'
    changed[#changed + 1] = ARGV[1] .. '.' .. ARGV[i + 1]
  end
end
if #changed > 0 then redis.call('HSET', KEYS[1], unpack(changed)) end
return 'OK'
