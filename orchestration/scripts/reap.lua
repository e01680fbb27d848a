-- Tidy a group up: consumers that are long gone and hold nothing, and pending entries whose message was deleted.
-- KEYS: tasks. ARGV: group, idle ms. Returns how many of both.
local gone = 0
-- Redis 6.2 hands a deleted message on from worker to worker (XAUTOCLAIM), so it never is idle for long.
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 100)) do
  if #redis.call('XRANGE', KEYS[1], pending[1], pending[1]) == 0 then
    gone = gone + redis.call('XACK', KEYS[1], ARGV[1], pending[1])
  end
end
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local about = {}
  for i = 1, #flat, 2 do about[flat[i]] = flat[i + 1] end
  if about.pending == 0 and about.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about.name)
    gone = gone + 1
  end
end
return gone
