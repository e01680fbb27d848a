-- A worker takes a step. KEYS: run, events, halted.
-- ARGV: step, worker, message id, lease ms, most ms for the step, alone (1 = it runs nothing else), started event,
--       lost workers until it is run alone, lost workers until it is given up, the fence of the run's owner who sent the
--       message, and how often that owner had sent the step by then (0 = not known).
-- Returns {status, attempt, fence, ms until its deadline, failures so far, 1 when its last worker fell silent}. Status:
--   OK         the step is yours under this fence
--   DONE       it has a result, or the run has ended: acknowledge and forget
--   OLD        the owner has sent the step again since: acknowledge this message and forget
--   BUSY       another message of the same step is being worked on: acknowledge this one and forget
--   ALONE      it may have killed its workers: claim it again when nothing else runs in your process
--   EXHAUSTED  it has killed too many: fail it under this fence, and keep its message as a dead letter
--   HALTED     the operator stopped all agents: give the message back
--   UNKNOWN    there is no such run or step
local s = ARGV[1]
local run = redis.call('HMGET', KEYS[1], 'state', 'deadline', s .. '.state', s .. '.attempt', s .. '.entry', s .. '.until',
  s .. '.worker', s .. '.deaths', s .. '.failures', s .. '.fence', s .. '.sent')
if not run[1] or not run[3] then return {'UNKNOWN', 0, 0, 0, 0, 0} end
if run[1] ~= 'running' or (run[3] ~= 'queued' and run[3] ~= 'running') then return {'DONE', 0, 0, 0, 0, 0} end
if run[11] and ARGV[11] ~= '0' then
  local fence, sent = string.match(run[11], '^(%d+)%.(%d+)$')
  fence, sent = tonumber(fence), tonumber(sent)
  local its_fence = tonumber(ARGV[10])
  if its_fence < fence or (its_fence == fence and tonumber(ARGV[11]) < sent) then return {'OLD', 0, 0, 0, 0, 0} end
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if run[3] == 'running' and run[5] ~= ARGV[3] and tonumber(run[6]) > now then return {'BUSY', 0, 0, 0, 0, 0} end
if redis.call('EXISTS', KEYS[3]) == 1 then return {'HALTED', 0, 0, 0, 0, 0} end
local deaths = tonumber(run[8] or '0')
local died = run[3] == 'running' and run[7] ~= ARGV[2]
if died then deaths = deaths + 1 end
local last = deaths >= tonumber(ARGV[9])
if deaths >= tonumber(ARGV[8]) and not last and ARGV[6] ~= '1' then return {'ALONE', 0, 0, 0, 0, 0} end
-- Should that worker be alive after all, absolve.lua takes it back.
if died then redis.call('HSET', KEYS[1], s .. '.died.' .. run[10], 1) end
local attempt = tonumber(run[4] or '0') + 1
local fence = tonumber(run[10] or '0') + 1
local deadline = math.min(tonumber(run[2]), now + ARGV[5])
redis.call('HSET', KEYS[1], s .. '.state', 'running', s .. '.attempt', attempt, s .. '.worker', ARGV[2],
  s .. '.fence', fence, s .. '.entry', ARGV[3], s .. '.until', now + ARGV[4], s .. '.deadline', deadline, s .. '.deaths', deaths)
if last then return {'EXHAUSTED', attempt, fence, 0, 0, 0} end
-- A later attempt is told with the same words under another name.
local event = attempt == 1 and ARGV[7] or string.gsub(ARGV[7], '"kind":"started"', '"kind":"restarted"', 1)
redis.call('XADD', KEYS[2], '*', 'e', event, 'a', attempt, 'f', fence)
return {'OK', attempt, fence, deadline - now, tonumber(run[9] or '0'), died and 1 or 0}
