-- Who was heard of lately. KEYS: processes, seen. ARGV: ms. Returns {now ms, id, seen ms, about, ...}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local found = {now}
local seen = redis.call('ZRANGEBYSCORE', KEYS[2], now - ARGV[1], '+inf', 'WITHSCORES')
for i = 1, #seen, 2 do
  local about = redis.call('HGET', KEYS[1], seen[i])
  if about then
    found[#found + 1] = seen[i]
    found[#found + 1] = seen[i + 1]
    found[#found + 1] = about
  end
end
return found
