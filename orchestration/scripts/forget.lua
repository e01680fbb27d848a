-- A conversation was deleted: nothing of what was said in these runs stays. KEYS: conversation, ended, histories,
-- absent.
-- ARGV: what the key of a run begins with, retention ms, the history that says so, what other histories are told
--       ('' = nothing), runs. Returns the runs that still go on; they are left alone.
local left = {}
for i = 5, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  local state = redis.call('HGET', key, 'state')
  if state == 'running' then
    left[#left + 1] = ARGV[i]
  else
    redis.call('DEL', key, key .. ':events')
    if state then
      -- A worker that still has a message of it must find it over, not unknown.
      redis.call('HSET', key, 'state', state)
      redis.call('PEXPIRE', key, ARGV[2])
    end
    redis.call('LREM', KEYS[1], 0, ARGV[i])
  end
end
if ARGV[4] ~= '' and redis.call('HLEN', KEYS[3]) > redis.call('HEXISTS', KEYS[3], ARGV[3]) then
  redis.call('XADD', KEYS[2], '*', 'gone', ARGV[4])
end
return left
