-- Mark steps as queued; they are sent in the same round trip. A step that a worker has by now, or that has a result, stays
-- as it is: what the owner knows of it was old, and its message finds it taken. KEYS: run. ARGV: owner's fence, steps.
-- Returns 'OK', 'STALE' (somebody else owns the run) or 'ENDED'.
local names = {'state', 'fence'}
for i = 2, #ARGV do names[i + 1] = ARGV[i] .. '.state' end
local run = redis.call('HMGET', KEYS[1], unpack(names))
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[1] then return 'STALE' end
local states = {}
for i = 2, #ARGV do
  if run[i + 1] == 'waiting' or run[i + 1] == 'retrying' then
    states[#states + 1] = names[i + 1]
    states[#states + 1] = 'queued'
  end
end
if #states > 0 then redis.call('HSET', KEYS[1], unpack(states)) end
return 'OK'
