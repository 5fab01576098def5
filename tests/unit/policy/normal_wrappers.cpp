// Carriers: what comes off, and what stands beside its carrier.
#include "normal_rows.hpp"

namespace {

// Command, and the lines of `dump`: program, options | operands | accesses | host | env | code | via | fact.
// clang-format off
constexpr Row kRows[] = {
    {R"~(sudo rm -rf /)~",
     R"~(rm -r -f | / | remove:/:r | via sudo | fact operand
)~"},
    {R"~(sudo -u bob -n rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via sudo | fact operand
)~"},
    {R"~(sudo -- rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via sudo | fact operand
)~"},
    {R"~(sudo A=1 rm x)~",
     R"~(rm | x | remove:/home/user/project/x | env A=1 | via sudo | fact operand
)~"},
    {R"~(sudo -i)~",
     R"~(sudo -i | fact bare
)~"},
    {R"~(sudo su -)~",
     R"~(su | - | via sudo | fact operand
)~"},
    {R"~(sudo -E env A=1 nice -n 5 rm -rf /x)~",
     R"~(rm -r -f | /x | remove:/x:r | env A=1 | via sudo env nice | fact operand
)~"},
    {R"~(env)~",
     R"~(env | fact bare
)~"},
    {R"~(env A=1 B=2 rm x)~",
     R"~(rm | x | remove:/home/user/project/x | env A=1 B=2 | via env | fact operand
)~"},
    {R"~(env -i rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via env | fact operand
)~"},
    {R"~(env -u A rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via env | fact operand
)~"},
    {R"~(env -S 'rm -rf /')~",
     R"~(env -S=rm -rf / | code sh | fact carries
rm -r -f | / | remove:/:r | via env | fact operand
)~"},
    {R"~(nice rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via nice | fact operand
)~"},
    {R"~(nice -n 10 rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via nice | fact operand
)~"},
    {R"~(nohup rm x &)~",
     R"~(rm | x | remove:/home/user/project/x | via nohup | fact background operand
)~"},
    {R"~(timeout 5 rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via timeout | fact operand
)~"},
    {R"~(timeout -k 2 -s KILL 5 rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via timeout | fact operand
)~"},
    {R"~(time rm x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand
)~"},
    {R"~(stdbuf -oL rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via stdbuf | fact operand
)~"},
    {R"~(setsid rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via setsid | fact operand
)~"},
    {R"~(ionice -c 3 rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via ionice | fact operand
)~"},
    {R"~(command rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via command | fact operand
)~"},
    {R"~(command -v rm)~",
     R"~(command -v | rm | fact operand
)~"},
    {R"~(builtin cd /tmp)~",
     R"~(cd | /tmp | list:/tmp | via builtin | fact operand
)~"},
    {R"~(exec rm x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand
)~"},
    {R"~(busybox rm -rf /)~",
     R"~(rm -r -f | / | remove:/:r | via busybox | fact operand
)~"},
    {R"~(toybox rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via toybox | fact operand
)~"},
    {R"~(doas rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via doas | fact operand
)~"},
    {R"~(chroot /mnt rm -rf /)~",
     R"~(chroot | /mnt rm -rf / | list:/mnt | fact carries operand
rm -r -f | / | remove:/:r | via chroot | fact operand
)~"},
    {R"~(xargs rm < list)~",
     R"~(xargs | rm | read:/home/user/project/list | fact carries operand stdin.secret
rm | … | remove:… | via xargs | fact operand operand.unknown option.unknown
)~"},
    {R"~(echo a b | xargs rm)~",
     R"~(echo | a b | fact operand
xargs | rm | fact carries operand
rm | a b | remove:/home/user/project/a remove:/home/user/project/b | via xargs | fact operand
)~"},
    {R"~(echo / | xargs rm -rf)~",
     R"~(echo | / | fact operand
xargs | rm -rf | fact carries operand
rm -r -f | / | remove:/:r | via xargs | fact operand
)~"},
    {R"~(ls | xargs rm)~",
     R"~(ls | fact bare
xargs | rm | fact carries operand
rm | * | remove:/home/user/project/* | via xargs | fact operand
)~"},
    {R"~(find . -type f | xargs rm -f)~",
     R"~(find -type=f | . | list:/home/user/project:r | fact operand
xargs | rm -f | fact carries operand
rm -f | /home/user/project /home/user/project/… | remove:/home/user/project remove:/home/user/project/… | via xargs | fact operand
)~"},
    {R"~(find . -print0 | xargs -0 -I{} mv {} /tmp/{})~",
     R"~(find -print0 | . | list:/home/user/project:r | fact operand
xargs -0 -I={} | mv {} /tmp/{} | fact carries operand
mv | /home/user/project /tmp//home/user/project | read:/home/user/project remove:/home/user/project write:/tmp/home/user/project write:/tmp/home/user/project/project | via xargs | fact operand
mv | /home/user/project/… /tmp//home/user/project/… | read:/home/user/project/… remove:/home/user/project/… write:/tmp/home/user/project/… write:/tmp/home/user/project/…/… | via xargs | fact operand
)~"},
    {R"~(echo a | xargs -I % sh -c 'rm %')~",
     R"~(echo | a | fact operand
xargs -I=% | sh -c rm % | fact carries operand
sh -c | rm a | code sh | via xargs | fact carries operand
rm | a | remove:/home/user/project/a | via xargs sh | fact operand
)~"},
    {R"~(cat list | xargs -n1 rm)~",
     R"~(cat | list | read:/home/user/project/list | fact operand
xargs -n=1 | rm | fact carries operand stdin.secret
rm | … | remove:… | via xargs | fact operand operand.unknown option.unknown
)~"},
    {R"~(find / -delete)~",
     R"~(find -delete | / | list:/:r remove:/:r | fact operand
)~"},
    {R"~(find . -name '*.pyc' -delete)~",
     R"~(find -name=*.pyc -delete | . | list:/home/user/project:r remove:/home/user/project/…*.pyc | fact operand
)~"},
    {R"~(find /etc -name '*.conf' -exec rm {} \;)~",
     R"~(find -name=*.conf -exec=rm | /etc | list:/etc:r | fact carries operand
rm | /etc/…*.conf | remove:/etc/…*.conf | via find | fact operand
)~"},
    {R"~(find . -exec rm -rf {} +)~",
     R"~(find -exec=rm -rf | . | list:/home/user/project:r | fact carries operand
rm -r -f | /home/user/project | remove:/home/user/project:r | via find | fact operand
)~"},
    {R"~(find . -exec sh -c 'rm "$1"' _ {} \;)~",
     R"~(find -exec=sh -c | . | list:/home/user/project:r | fact carries operand
sh -c | rm "$1" _ /home/user/project | code sh | via find | fact carries operand
rm | /home/user/project | remove:/home/user/project | via find sh | fact operand
)~"},
    {R"~(find . -type f -execdir chmod 777 {} \;)~",
     R"~(find -type=f -execdir=chmod | . | list:/home/user/project:r | fact carries operand
chmod | 777 /home/user/project | change:/home/user/project | via find | fact operand
)~"},
    {R"~(sh -c 'rm -rf /')~",
     R"~(sh -c | rm -rf / | code sh | fact carries operand
rm -r -f | / | remove:/:r | via sh | fact operand
)~"},
    {R"~(bash -c 'rm "$1"' _ /etc/x)~",
     R"~(bash -c | rm "$1" _ /etc/x | code sh | fact carries operand
rm | /etc/x | remove:/etc/x | via bash | fact operand
)~"},
    {R"~(bash -lc 'cd /etc && rm x')~",
     R"~(bash -l -c | cd /etc && rm x | code sh | fact carries operand
cd | /etc | list:/etc | via bash | fact operand
rm | x | remove:/etc/x | via bash | fact operand
)~"},
    {R"~(sh -ec 'rm x')~",
     R"~(sh -e -c | rm x | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via sh | fact operand
)~"},
    {R"~(bash <<< 'rm -rf /')~",
     R"~(bash | code sh | fact carries
rm -r -f | / | remove:/:r | via bash | fact operand
)~"},
    {R"~(bash -c "$CMD")~",
     R"~(bash -c | … | code sh | fact code.unknown operand option.unknown
)~"},
    {R"~(eval "$CMD")~",
     R"~(eval | … | code sh | fact code.unknown operand
)~"},
    {R"~(su - -c 'rm x')~",
     R"~(su -c=rm x | - | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via su | fact operand
)~"},
    {R"~(su root -c 'rm x')~",
     R"~(su -c=rm x | root | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via su | fact operand
)~"},
    {R"~(script -c 'rm x' /dev/null)~",
     R"~(script -c=rm x | /dev/null | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via script | fact operand
)~"},
    {R"~(watch -n 1 'rm x')~",
     R"~(watch -n=1 | rm x | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via watch | fact operand
)~"},
    {R"~(flock /tmp/l rm x)~",
     R"~(flock | /tmp/l rm x | write:/tmp/l | fact carries operand
rm | x | remove:/home/user/project/x | via flock | fact operand
)~"},
    {R"~(flock /tmp/l -c 'rm x')~",
     R"~(flock | /tmp/l -c rm x | write:/tmp/l | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via flock | fact operand
)~"},
    {R"~(parallel rm ::: a b)~",
     R"~(parallel | rm ::: a b | code sh sh | fact carries operand
rm | a | remove:/home/user/project/a | via parallel | fact operand
rm | b | remove:/home/user/project/b | via parallel | fact operand
)~"},
    {R"~(ssh host rm -rf /x)~",
     R"~(ssh | host rm -rf /x | host ://host | code sh | fact carries operand
rm -r -f | /x | remove:/x:r | via ssh | fact operand
)~"},
    {R"~(ssh -i key user@host 'cd /tmp; rm x')~",
     R"~(ssh -i=key | user@host cd /tmp; rm x | read:/home/user/project/key | host ://host | code sh | fact carries operand
cd | /tmp | list:/tmp | via ssh | fact operand
rm | x | remove:/tmp/x | via ssh | fact operand
)~"},
    {R"~(ssh -o ProxyCommand='nc a 1' host)~",
     R"~(ssh -o=ProxyCommand=nc a 1 | host | host ://host | code sh | fact carries operand
nc | a 1 | host ://a:1 | via ssh | fact operand
)~"},
    {R"~(docker run --rm -v /:/host alpine rm -rf /host)~",
     R"~(docker run --rm -v=/:/host | alpine rm -rf /host | mount:/:r write:/:r | fact carries operand
rm -r -f | /host | remove:/host:r | via docker | fact operand
)~"},
    {R"~(docker exec c rm -rf /x)~",
     R"~(docker exec | c rm -rf /x | fact carries operand
rm -r -f | /x | remove:/x:r | via docker | fact operand
)~"},
    {R"~(docker run -v "$PWD":/w -w /w node npm test)~",
     R"~(docker run -v=/home/user/project:/w -w=/w | node npm test | mount:/home/user/project:r write:/home/user/project:r | fact carries operand
npm test | via docker | fact bare code.workspace
)~"},
    {R"~(kubectl exec pod -- rm -rf /x)~",
     R"~(kubectl exec | pod -- rm -rf /x | host kubernetes:// | fact carries operand
rm -r -f | /x | remove:/x:r | via kubectl | fact operand
)~"},
    {R"~(git -c core.pager='rm -rf /' log)~",
     R"~(git log -c=core.pager=rm -rf / | code sh | fact carries
rm -r -f | / | remove:/:r | via git | fact operand
)~"},
    {R"~(git -c alias.x='!rm -rf /' x)~",
     R"~(git x -c=alias.x=!rm -rf / | code sh | fact carries
rm -r -f | / | remove:/:r | via git | fact operand
)~"},
    {R"~(git -c core.sshCommand='sh -c id' fetch)~",
     R"~(git fetch -c=core.sshCommand=sh -c id | host :// | code sh | fact carries
sh -c | id | code sh | via git | fact carries operand
id | via git sh | fact bare
)~"},
    {R"~(git -C /etc status)~",
     R"~(git status -C=/etc | list:/etc | fact bare
)~"},
    {R"~(git config alias.x '!rm -rf /')~",
     R"~(git config | alias.x !rm -rf / | write:/home/user/project/.git/config | code sh | fact carries operand writes
rm -r -f | / | remove:/:r | via git-config | fact operand
)~"},
    {R"~(git config core.hooksPath /tmp/h)~",
     R"~(git config | core.hooksPath /tmp/h | write:/home/user/project/.git/config execute:/tmp/h:r | fact operand writes
)~"},
    {R"~(git submodule foreach 'rm -rf x')~",
     R"~(git submodule foreach | rm -rf x | code sh | fact carries operand
rm -r -f | x | remove:/home/user/project/x:r | via git-submodule | fact operand
)~"},
    {R"~(git bisect run make test)~",
     R"~(git bisect run | make test | fact carries operand
make | test | via git-bisect | fact code.workspace operand
)~"},
    {R"~(git rebase -x 'make test' main)~",
     R"~(git rebase -x=make test | main | code sh | fact carries operand
make | test | via git-rebase | fact code.workspace operand
)~"},
    {R"~(git clone ext::'sh -c id')~",
     R"~(git clone | ext::sh -c id | code sh | fact carries operand
sh -c | id | code sh | via git | fact carries operand
id | via git sh | fact bare
)~"},
    {R"~(tar --checkpoint-action=exec='sh x' -cf a.tar b)~",
     R"~(tar --checkpoint-action=exec=sh x -c -f=a.tar | b | read:/home/user/project/a.tar write:/home/user/project/a.tar read:/home/user/project/b:r | code sh | fact carries operand
sh | x | execute:/home/user/project/x | via tar | fact code.workspace operand
)~"},
    {R"~(tar xf a.tar --to-command='sh -c id')~",
     R"~(tar -x -f=a.tar --to-command=sh -c id | read:/home/user/project/a.tar write:/home/user/project:r | code sh | fact carries
sh -c | id | code sh | via tar | fact carries operand
id | via tar sh | fact bare
)~"},
    {R"~(tar -I 'sh x' -xf a.tar)~",
     R"~(tar -I=sh x -x -f=a.tar | read:/home/user/project/a.tar write:/home/user/project:r | code sh | fact carries
sh | x | execute:/home/user/project/x | via tar | fact code.workspace operand
)~"},
    {R"~(rsync -e 'sh -c id' a h:b)~",
     R"~(rsync -e=sh -c id | a h:b | read:/home/user/project/a:sent | host ssh://h:sends | code sh | fact carries operand
sh -c | id | code sh | via rsync | fact carries operand
id | via rsync sh | fact bare
)~"},
    {R"~(zip a.zip b -T -TT 'sh -c id')~",
     R"~(zip -T -TT=sh -c id | a.zip b | write:/home/user/project/a.zip read:/home/user/project/b | code sh | fact carries operand
sh -c | id | code sh | via zip | fact carries operand
id | via zip sh | fact bare
)~"},
    {R"~(awk 'BEGIN{system("rm -rf /")}')~",
     R"~(awk | BEGIN{system("rm -rf /")} | code awk,system | fact carries operand
rm -r -f | / | remove:/:r | via awk | fact operand
)~"},
    {R"~(awk '{print | "sh"}' x)~",
     R"~(awk | {print | "sh"} x | read:/home/user/project/x | code awk | fact carries operand
sh | via awk | fact bare code.stdin
)~"},
    {R"~(awk '{print > "/etc/x"}' y)~",
     R"~(awk | {print > "/etc/x"} y | write:/etc/x read:/home/user/project/y | code awk | fact operand
)~"},
    {R"~(sed -n '1e rm x' f)~",
     R"~(sed -n | 1e rm x f | read:/home/user/project/f | code sed | fact carries operand
rm | x | remove:/home/user/project/x | via sed | fact operand
)~"},
    {R"~(sed 's/a/rm x/e' f)~",
     R"~(sed | s/a/rm x/e f | read:/home/user/project/f | code sed | fact carries code.unknown operand
rm | x | remove:/home/user/project/x | via sed | fact operand
)~"},
    {R"~(sed -i 's/a/b/' f)~",
     R"~(sed -i | s/a/b/ f | read:/home/user/project/f write:/home/user/project/f | code sed | fact operand
)~"},
    {R"~(sed 'w /etc/x' f)~",
     R"~(sed | w /etc/x f | write:/etc/x read:/home/user/project/f | code sed | fact operand
)~"},
    {R"~(vim -c ':!rm x' f)~",
     R"~(vim -c=:!rm x | f | read:/home/user/project/f write:/home/user/project/f | code vim | fact carries interactive operand
rm | x | remove:/home/user/project/x | via vim | fact operand
)~"},
    {R"~(vim +'!rm x' f)~",
     R"~(vim +!rm x | f | read:/home/user/project/f write:/home/user/project/f | code vim | fact carries interactive operand
rm | x | remove:/home/user/project/x | via vim | fact operand
)~"},
    {R"~(ed x)~",
     R"~(ed | x | read:/home/user/project/x write:/home/user/project/x | fact code.stdin operand
)~"},
    {R"~(less /etc/passwd)~",
     R"~(less | /etc/passwd | read:/etc/passwd | fact interactive operand
)~"},
    {R"~(man ls)~",
     R"~(man | ls | fact interactive operand
)~"},
    {R"~(make -C sub test)~",
     R"~(make -C=sub | test | list:/home/user/project/sub | fact code.workspace operand
)~"},
    {R"~(make --eval='x:;rm y' x)~",
     R"~(make --eval=x:;rm y | x | code make | fact carries code.workspace operand
rm | y | remove:/home/user/project/y | via make | fact operand
)~"},
    {R"~(npm test)~",
     R"~(npm test | fact bare code.workspace
)~"},
    {R"~(npm run build -- --x)~",
     R"~(npm run | build --x | fact code.workspace operand
)~"},
    {R"~(npx cowsay hi)~",
     R"~(npx | cowsay hi | fact carries operand
cowsay | hi | via npx | fact operand
)~"},
    {R"~(pytest -q)~",
     R"~(pytest -q | fact bare code.workspace
)~"},
    {R"~(./run.sh a)~",
     R"~(run.sh | a | execute:/home/user/project/run.sh | fact code.workspace operand program.workspace
)~"},
    {R"~(bash run.sh a)~",
     R"~(bash | run.sh a | execute:/home/user/project/run.sh | fact code.workspace operand
)~"},
    {R"~(python3 x.py a)~",
     R"~(python3 | x.py a | execute:/home/user/project/x.py | fact code.workspace operand
)~"},
    {R"~(tmux new -d 'rm x')~",
     R"~(tmux new -d | rm x | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via tmux | fact operand
)~"},
    {R"~(trap 'rm "$x"' EXIT; x=/tmp/a)~",
     R"~(trap | rm "$x" EXIT | code sh | fact carries operand
: | env x=/tmp/a | fact assignment
rm | /tmp/a | remove:/tmp/a | via trap | fact operand
)~"},
    {R"~(git fetch . main)~",
     R"~(git fetch | . main | read:/home/user/project:r | fact operand
)~"},
    {R"~(perl -e 'open F, "<", "/etc/shadow" or die')~",
     R"~(perl -e=open F, "<", "/etc/shadow" or die | read:/etc/shadow | code perl,open
)~"},
    {R"~(at now <<< 'rm x')~",
     R"~(at | now | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via at | fact operand
)~"},
    {R"~(crontab -l)~",
     R"~(crontab -l | fact bare
)~"},
    {R"~(strace -f rm x)~",
     R"~(strace -f | rm x | fact carries operand
rm | x | remove:/home/user/project/x | via strace | fact operand
)~"},
    {R"~(unshare -r rm x)~",
     R"~(unshare -r | rm x | fact carries operand
rm | x | remove:/home/user/project/x | via unshare | fact operand
)~"},
    {R"~(nsenter -t 1 -m rm x)~",
     R"~(nsenter -t=1 -m | rm x | fact carries interactive operand
rm | x | remove:/home/user/project/x | via nsenter | fact operand
)~"},
    {R"~(systemd-run rm x)~",
     R"~(systemd-run | rm x | fact carries operand
rm | x | remove:/home/user/project/x | via systemd-run | fact operand
)~"},
    {R"~(faketime 1d rm x)~",
     R"~(rm | x | remove:/home/user/project/x | via faketime | fact operand
)~"},
    {R"~(\rm x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand
)~"},
    {R"~(r''m x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand program.hidden
)~"},
    {R"~(r\m x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand program.hidden
)~"},
    {R"~('rm' x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand
)~"},
    {R"~("/bin/rm" x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand system.interpreter
)~"},
    {R"~(/bin/rm x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand system.interpreter
)~"},
    {R"~(/b?n/rm x)~",
     R"~(rm | x | remove:/home/user/project/x | fact operand program.hidden
)~"},
    {R"~(/usr/bin/ca? /etc/passwd)~",
     R"~(cat | /etc/passwd | read:/etc/passwd | fact operand program.hidden system.interpreter
)~"},
    {R"~(alias ll='ls -l'; ll /x)~",
     R"~(alias | ll=ls -l | code sh | fact carries operand
ls -l | via alias | fact bare
ll | /x | fact carries operand
ls -l | /x | list:/x | via alias | fact operand
)~"},
    {R"~(alias rm='rm -i'; rm x)~",
     R"~(alias | rm=rm -i | code sh | fact carries operand
rm -i | via alias | fact bare
rm | x | fact carries operand
rm -i | x | remove:/home/user/project/x | via alias | fact operand
)~"},
    {R"~(ls() { rm -rf /; }; ls)~",
     R"~(ls | fact carries function.call function.shadows
rm -r -f | / | remove:/:r | via function | fact operand
)~"},
    {R"~(f() { g; }; g() { rm x; }; f)~",
     R"~(f | fact carries function.call
g | via function | fact carries function.call
rm | x | remove:/home/user/project/x | via function function | fact operand
)~"},
    {R"~(cp /bin/rm /tmp/q; /tmp/q -rf /)~",
     R"~(cp | /bin/rm /tmp/q | read:/bin/rm write:/tmp/q write:/tmp/q/rm | fact operand
rm -r -f | / | remove:/:r | fact operand program.hidden
)~"},
    {R"~(ln -s /bin/rm q; ./q x)~",
     R"~(ln -s | /bin/rm q | write:/home/user/project/q | fact operand
rm | x | execute:/home/user/project/q remove:/home/user/project/x | fact operand program.hidden
)~"},
    {R"~(trap 'rm x' EXIT)~",
     R"~(trap | rm x EXIT | code sh | fact carries operand
rm | x | remove:/home/user/project/x | via trap | fact operand
)~"},
    {R"~(PROMPT_COMMAND='rm x' bash -i)~",
     R"~(bash -i | env PROMPT_COMMAND=rm x | fact carries code.stdin
rm | x | remove:/home/user/project/x | via PROMPT_COMMAND | fact operand
)~"},
    {R"~(GIT_PAGER='rm x' git log)~",
     R"~(git log | env GIT_PAGER=rm x | fact carries
rm | x | remove:/home/user/project/x | via GIT_PAGER | fact operand
)~"},
    {R"~(LD_PRELOAD=/tmp/x.so ls)~",
     R"~(ls | execute:/tmp/x.so | env LD_PRELOAD=/tmp/x.so | fact bare
)~"},
};
// clang-format on

} // namespace

TEST_CASE("normal form: wrappers come off, and carried commands stand beside their carrier") {
    check_rows(kRows);
}
