-- A worker takes a step. KEYS: run, events.
-- ARGV: step, worker, message id, lease ms, most attempts, started event, restarted event.
-- Returns {status, attempt, fence, ms until the run's deadline}. Status:
--   OK         the step is yours under this fence
--   DONE       it has a result, or the run has ended: acknowledge and forget
--   BUSY       another message of the same step is being worked on: acknowledge this one and forget
--   EXHAUSTED  it was attempted too often: fail it under this fence
--   UNKNOWN    there is no such run or step
local s = ARGV[1]
local run = redis.call('HMGET', KEYS[1], 'state', 'deadline', s .. '.state', s .. '.attempt', s .. '.entry', s .. '.until')
if not run[1] or not run[3] then return {'UNKNOWN', 0, 0, 0} end
if run[1] ~= 'running' or (run[3] ~= 'queued' and run[3] ~= 'running') then return {'DONE', 0, 0, 0} end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if run[3] == 'running' and run[5] ~= ARGV[3] and tonumber(run[6]) > now then return {'BUSY', 0, 0, 0} end
local attempt = tonumber(run[4] or '0') + 1
local fence = redis.call('HINCRBY', KEYS[1], s .. '.fence', 1)
redis.call('HSET', KEYS[1], s .. '.state', 'running', s .. '.attempt', attempt, s .. '.worker', ARGV[2],
  s .. '.entry', ARGV[3], s .. '.until', now + ARGV[4])
local left = tonumber(run[2]) - now
if attempt > tonumber(ARGV[5]) then return {'EXHAUSTED', attempt, fence, left} end
redis.call('XADD', KEYS[2], '*', 'e', attempt == 1 and ARGV[6] or ARGV[7], 'a', attempt, 'f', fence)
return {'OK', attempt, fence, left}
