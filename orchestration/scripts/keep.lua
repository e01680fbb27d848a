-- Reset the idle time of messages that this worker still holds. KEYS: tasks. ARGV: group, consumer, message ids.
-- A message that another worker took over is left alone. Returns how many are still held.
local kept = 0
for i = 3, #ARGV do
  local p = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])
  if p[1] then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
    kept = kept + 1
  end
end
return kept
