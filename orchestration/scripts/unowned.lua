-- The runs whose owner is gone, oldest hold first; and time in which nobody could work does not count towards deadlines:
-- while all agents are halted, and while no orchestrator reached this server. KEYS: active, halted, looked,
-- absent.
-- ARGV: ms of silence that count, what the key of a run begins with.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local passed = now - tonumber(redis.call('GET', KEYS[3]) or now)
redis.call('SET', KEYS[3], now)
if passed > 0 and (passed > tonumber(ARGV[1]) or redis.call('EXISTS', KEYS[2]) == 1) then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local key = ARGV[2] .. id
    local run = redis.call('HMGET', key, 'state', 'approved')
    -- The time before an approval did not count in any case.
    local counted = math.min(passed, now - (run[2] or 0))
    if run[1] == 'running' then redis.call('HINCRBY', key, 'deadline', counted) end
  end
end
return redis.call('ZRANGEBYSCORE', KEYS[1], 0, now)
