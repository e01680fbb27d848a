-- Add events to a step that is being worked on; a stale fence is refused. KEYS: run, events.
-- ARGV: step, fence, events. Returns {'OK', ids}, {'STALE'} or {'ENDED'}.
local run = redis.call('HMGET', KEYS[1], 'state', ARGV[1] .. '.fence', ARGV[1] .. '.state', ARGV[1] .. '.attempt')
if run[1] ~= 'running' then return {'ENDED'} end
if run[2] ~= ARGV[2] or run[3] ~= 'running' then return {'STALE'} end
local ids = {}
for i = 3, #ARGV do ids[#ids + 1] = redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'a', run[4], 'f', run[2]) end
return {'OK', ids}
