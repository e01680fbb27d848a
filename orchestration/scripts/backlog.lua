-- How many messages lie on an agent's stream, and who holds them. KEYS: tasks.
-- ARGV: group, ms without a sign of life until a message counts as lost, ms that a message that was given back counts
--       as untouched, most that are looked at.
-- Returns {messages, those in a worker's hands, ms since the longest silent worker that has one was heard of}.
local messages, held, silent = redis.call('XLEN', KEYS[1]), 0, 0
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[4])
-- Without a group no worker of this agent has ever run here.
if pending.err then pending = {} end
for _, one in ipairs(pending) do
  if one[3] < tonumber(ARGV[2]) then held = held + 1 end
  if one[3] < tonumber(ARGV[3]) then silent = math.max(silent, one[3]) end
end
return {messages, held, silent}
