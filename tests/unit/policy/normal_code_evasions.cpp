// Code that says what it does in a roundabout way: constants, functions as values, folders, texts put together.
#include "normal_rows.hpp"

#include <algorithm>

namespace {

using owhale::policy::Act;

constexpr const char* kRoundabout[] = {
    R"~(python3 -c "h='/home/x'; print(open(f'{h}/.ssh/id_rsa').read())")~",
    R"~(python3 -c "h='/home/x'; k='.ssh'; print(open(f'{h}/{k}/id_rsa').read())")~",
    R"~(python3 -c "h='/home/x'; print(open('%s/.ssh/id_rsa' % h).read())")~",
    R"~(python3 -c "h='/home/x'; print(open('{}/.ssh/id_rsa'.format(h)).read())")~",
    R"~(python3 -c "h='/home/x'; print(open('{h}/.ssh/id_rsa'.format(h=h)).read())")~",
    R"~(python3 -c "h='/home/x'; print(open('%s/%s/id_rsa' % (h,'.ssh')).read())")~",
    R"~(python3 -c "import os; print(open(f'{os.sep}home/dev/.ssh/id_rsa').read())")~",
    R"~(python3 -c "h='/home/x'; p=h+'/.ssh'; print(open(f'{p}/id_rsa').read())")~",
    R"~(python3 -c "d={'p':'/home/x/.ssh/id_rsa'}; print(open(d['p']).read())")~",
    R"~(python3 -c "l=['/home/x/.ssh/id_rsa']; print(open(l[0]).read())")~",
    R"~(python3 -c "print(open('/home/x/.sXh/id_rsa'.replace('X','s')).read())")~",
    R"~(python3 -c "import subprocess; c=['rm']; c.append('-rf'); c.append('/home/x'); subprocess.run(c)")~",
    R"~(python3 -c "import subprocess; c=['rm']; c.extend(['-rf','/home/x']); subprocess.run(c)")~",
    R"~(python3 -c "import subprocess; c=[]; c.insert(0,'/home/x'); c.insert(0,'-rf'); c.insert(0,'rm'); subprocess.run(c)")~",
    R"~(python3 -c "import os; os.chdir('/home/x'); print(open('.ssh/id_rsa').read())")~",
    R"~(python3 -c "import os; os.chdir('/'); print(open('etc/shadow').read())")~",
    R"~(python3 -c "import os,shutil; os.chdir('/home'); shutil.rmtree('x')")~",
    R"~(python3 -c "import os; os.chdir('/home'); os.system('rm -rf x')")~",
    R"~(python3 -c "import os,subprocess; os.chdir('/home'); subprocess.run(['rm','-rf','x'])")~",
    R"~(python3 -c "import subprocess; subprocess.run(['rm','-rf','x'],cwd='/home')")~",
    R"~(python3 -c "import subprocess; subprocess.run('rm -rf x',shell=True,cwd='/home')")~",
    R"~(python3 -c "import os; os.chdir(os.path.expanduser('~')); print(open('.ssh/id_rsa').read())")~",
    R"~(python3 -c "import os; from contextlib import chdir; chdir('/home/x/.ssh'); print(open('id_rsa').read())")~",
    R"~(node -e "require('child_process').execSync('rm -rf x',{cwd:'/home'})")~",
    R"~(python3 -c "from os import *; system('rm -rf /home/x')")~",
    R"~(python3 -c "from subprocess import *; run(['rm','-rf','/home/x'])")~",
    R"~(python3 -c "from pty import *; spawn(['rm','-rf','/home/x'])")~",
    R"~(python3 -c "import os; [f('rm -rf /home/x') for f in [os.system]]")~",
    R"~(python3 -c "import os; list(map(os.system,['rm -rf /home/x']))")~",
    R"~(python3 -c "import os; any(map(os.system,('rm -rf /home/x',)))")~",
    R"~(python3 -c "import os; d={'s':os.system}; d['s']('rm -rf /home/x')")~",
    R"~(python3 -c "import os; [os.system][0]('rm -rf /home/x')")~",
    R"~(python3 -c "import os; vars(os)['system']('rm -rf /home/x')")~",
    R"~(python3 -c "import os; os.__getattribute__('system')('rm -rf /home/x')")~",
    R"~(python3 -c "import functools,os; functools.partial(os.system,'rm -rf /home/x')()")~",
    R"~(python3 -c "import os,threading; threading.Thread(target=os.system,args=('rm -rf /home/x',)).start()")~",
    R"~(python3 -c "import os,atexit; atexit.register(os.system,'rm -rf /home/x')")~",
    R"~(python3 -c "import os; from multiprocessing import Pool; Pool(1).map(os.system,['rm -rf /home/x'])")~",
    R"~(python3 -c "from concurrent.futures import *; import os; ThreadPoolExecutor().submit(os.system,'rm -rf /home/x')")~",
    R"~(python3 -c "import timeit; timeit.timeit('__import__(\"os\").system(\"rm -rf /home/x\")',number=1)")~",
    R"~(python3 -c "import operator,os; operator.attrgetter('system')(os)('rm -rf /home/x')")~",
    R"~(python3 -c "import operator,os; operator.methodcaller('system','rm -rf /home/x')(os)")~",
    R"~(python3 -c "import code; code.InteractiveInterpreter().runsource('import os; os.system(\"rm -rf /home/x\")')")~",
    R"~(python3 -c "import os; eval('os.system')('rm -rf /home/x')")~",
    R"~(python3 -c "import os; exec(bytes([111,115,46,115,121,115,116,101,109]).decode()+'(\"rm -rf /home/x\")')")~",
    R"~(python3 - <<'P'
import os
def path():
    return '/home/x/.ssh/id_rsa'
print(open(path()).read())
P)~",
    R"~(python3 - <<'P'
class A:
    p = '/home/x/.ssh/id_rsa'
print(open(A.p).read())
P)~",
    R"~(python3 - <<'P'
import os
class A:
    def __init__(self):
        self.p = '/home/x/.ssh/id_rsa'
    def go(self):
        print(open(self.p).read())
A().go()
P)~",
    R"~(python3 - <<'P'
a, b = '/home/x', '.ssh/id_rsa'
print(open(a + '/' + b).read())
P)~",
    R"~(python3 - <<'P'
from pathlib import Path
print(Path('/home/x', '.ssh', 'id_rsa').read_text())
P)~",
    R"~(perl -e '$_="x"; s/x/system("rm -rf \/home\/x")/e')~",
    R"~(perl -pe 's/.*/`rm -rf \/home\/x`/e' README.md)~",
    R"~(perl -pe 's{.*}{system "rm -rf /home/x"}e' README.md)~",
    R"~(perl -e '$x="a"; $x =~ s/a/unlink "\/home\/x\/.ssh\/id_rsa"/e')~",
    R"~(perl -e '&{"sys"."tem"}("rm -rf /home/x")')~",
    R"~(perl -e '&{"system"}("rm -rf /home/x")')~",
    R"~(perl -e '$f="system"; &$f("rm -rf /home/x")')~",
    R"~(perl -e '$f=\&CORE::system; $f->("rm -rf /home/x")')~",
    R"~(perl -e '"main"->can("system")->("rm -rf /home/x")')~",
    R"~(perl -e 'open my $f,"<","$ENV{HOME}/.ssh/id_rsa"; print <$f>')~",
    R"~(perl -e '$h=$ENV{HOME}; open F,"$h/.ssh/id_rsa"; print <F>')~",
    R"~(perl -e '$h="/home/x"; open F,"$h/.ssh/id_rsa"; print <F>')~",
    R"~(perl -e '@c=("rm"); push @c,"-rf","/home/x"; system(@c)')~",
    R"~(perl -e 'exec {"rm"} "rm","-rf","/home/x"')~",
    R"~(perl -e 'system {"rm"} ("rm","-rf","/home/x")')~",
    R"~(perl -e '"x" =~ /(?{system("rm -rf \/home\/x")})/')~",
    R"~(perl -e 'print <"/home/x/.ssh/id_rsa">; @ARGV=("/home/x/.ssh/id_rsa"); print while <>')~",
    R"~(perl -e 'local @ARGV="/home/x/.ssh/id_rsa"; print <>')~",
    R"~(perl -MPOSIX -e 'POSIX::execv("/bin/rm",["rm","-rf","/home/x"])')~",
    R"~(perl -e '$c="rm -rf X"; $c=~s/X/\/home\/x/; system $c')~",
    R"~(ruby -e 'Kernel.send(:system,"rm -rf /home/x")')~",
    R"~(ruby -e 'send(:system,"rm -rf /home/x")')~",
    R"~(ruby -e 'self.__send__(:exec,"rm -rf /home/x")')~",
    R"~(ruby -e 'method(:system).call("rm -rf /home/x")')~",
    R"~(ruby -e 'method(:system).("rm -rf /home/x")')~",
    R"~(ruby -e 'method(:system)["rm -rf /home/x"]')~",
    R"~(ruby -e 'Kernel.method(:system).call("rm -rf /home/x")')~",
    R"~(ruby -e 'Kernel.method("sys"+"tem").to_proc.call("rm -rf /home/x")')~",
    R"~(ruby -e '["rm -rf /home/x"].each(&method(:system))')~",
    R"~(ruby -e 'h="/home/x"; puts File.read("#{h}/.ssh/id_rsa")')~",
    R"~(ruby -e 'puts File.read("#{ENV["HOME"]}/.ssh/id_rsa")')~",
    R"~(ruby -e 'puts IO.read("/home/x"<<"/.ssh/id_rsa")')~",
    R"~(ruby -e 'Object.const_get(:File).read("/home/x/.ssh/id_rsa").display')~",
    R"~(ruby -e 'require "fiddle"; Fiddle::Function.new(Fiddle.dlopen(nil)["system"],[Fiddle::TYPE_VOIDP],Fiddle::TYPE_INT).call("rm -rf /home/x")')~",
    R"~(ruby -e 'system("rm -rf %s" % "/home/x")')~",
    R"~(php -r 'array_map("system",["rm -rf /home/x"]);')~",
    R"~(php -r 'call_user_func_array("system",["rm -rf /home/x"]);')~",
    R"~(php -r '$a=["rm -rf /home/x"]; array_walk($a,"system");')~",
    R"~(php -r 'array_filter(["rm -rf /home/x"],"system");')~",
    R"~(php -r 'usort($a=["rm -rf /home/x","x"],"system");')~",
    R"~(php -r '(new ReflectionFunction("system"))->invoke("rm -rf /home/x");')~",
    R"~(php -r 'register_shutdown_function("system","rm -rf /home/x");')~",
    R"~(php -r 'iterator_apply(new ArrayIterator([1]),"system",["rm -rf /home/x"]);')~",
    R"~(node -e "['rm -rf /home/x'].map(require('child_process').execSync)")~",
    R"~(node -e "['rm -rf /home/x'].forEach(c=>require('child_process').execSync(c))")~",
    R"~(node -e "require('child_process').execSync.call(null,'rm -rf /home/x')")~",
    R"~(node -e "require('child_process').execSync.apply(null,['rm -rf /home/x'])")~",
    R"~(node -e "Reflect.apply(require('child_process').execSync,null,['rm -rf /home/x'])")~",
    R"~(node -e "require('child_process').execSync.bind(null,'rm -rf /home/x')()")~",
    R"~(node -e "''.constructor.constructor('return process.mainModule.require(\"child_process\").execSync(\"rm -rf /home/x\")')()")~",
    R"~(node -e "[].constructor.constructor('process.mainModule.require(\"child_process\").execSync(\"rm -rf /home/x\")')()")~",
    R"~(node -e "new Function('require','require(\"child_process\").execSync(\"rm -rf /home/x\")')(require)")~",
    R"~(node -e "const h='/home/x'; console.log(require('fs').readFileSync(\`\${h}/.ssh/id_rsa\`,'utf8'))")~",
    R"~(node -e 'const h="/home/x"; console.log(require("fs").readFileSync(`${h}/.ssh/id_rsa`,"utf8"))')~",
    R"~(node -e 'console.log(require("fs").readFileSync("/home/x".concat("/.ssh/id_rsa"),"utf8"))')~",
    R"~(node -e 'const a=["-rf"]; a.push("/home/x"); require("child_process").spawn("rm",a)')~",
    R"~(node -e 'import("child_process").then(c=>c.execSync("rm -rf /home/x"))')~",
    R"~(node -e 'setTimeout(require("child_process").execSync,0,"rm -rf /home/x")')~",
    R"~(node -e 'const o={c:"rm -rf /home/x"}; require("child_process").execSync(o.c)')~",
    R"~(awk 'BEGIN{while((getline l < (ENVIRON["HOME"] "/.ssh/id_rsa"))>0) print l}')~",
    R"~(awk 'BEGIN{f=ENVIRON["HOME"] "/.ssh/id_rsa"; while((getline l < f)>0) print l}')~",
    R"~(awk 'BEGIN{h="/home/x"; f=h "/.ssh/id_rsa"; while((getline l < f)>0) print l}')~",
    R"~(awk 'BEGIN{print "x" > (ENVIRON["HOME"] "/.bashrc")}')~",
    R"~(awk 'BEGIN{f=ENVIRON["HOME"] "/.bashrc"; print "x" >> f}')~",
    R"~(awk 'BEGIN{ARGV[1]="/home/x/.ssh/id_rsa"; ARGC=2} {print}')~",
    R"~(gawk 'BEGIN{f="system"; @f("rm -rf /home/x")}')~",
    R"~(awk 'BEGIN{c="sh"; print "rm -rf /home/x" | c}')~",
    R"~(less '+!rm -rf /home/x' README.md)~",
    R"~(less +'!rm -rf /home/x' README.md)~",
    R"~(lua -e '_G["os"]["execute"]("rm -rf /home/x")')~",
};

bool harms(const owhale::policy::NormalForm& form) {
    const auto seen = [](const auto& access) {
        return (access.act == Act::remove && access.path.starts_with("/home/x")) ||
               (access.act == Act::read && (access.path.ends_with("/.ssh/id_rsa") || access.path == "/etc/shadow")) ||
               (access.act == Act::write && access.path.ends_with("/.bashrc"));
    };
    return std::ranges::any_of(form.commands,
                               [&](const auto& command) { return std::ranges::any_of(command.accesses, seen); });
}

bool has_fact(const owhale::policy::NormalForm& form, std::string_view fact) {
    return std::ranges::any_of(form.commands, [&](const auto& command) {
        return std::ranges::find(command.facts, fact) != command.facts.end();
    });
}

} // namespace

TEST_CASE("what code does is seen through every detour, or known to be unknown") {
    for (const auto* script : kRoundabout) {
        CAPTURE(std::string(script));
        const auto form = form_of_script(script);
        const bool seen = harms(form) || has_fact(form, "code.unknown") || has_fact(form, "code.decoded");
        CHECK(seen);
    }
}

TEST_CASE("what functions of the code's own are given is known in their bodies") {
    CHECK(harms(form_of_script("python3 -c 'import shutil\ndef wipe(path): shutil.rmtree(path)\nwipe(\"/home/x\")'")));
    CHECK(harms(
        form_of_script("node -e 'function wipe(a, path) { require(\"fs\").rmSync(path) } wipe(1, \"/home/x\")'")));
}

TEST_CASE("an ordinary look at a text or a list runs nothing") {
    for (const auto* script :
         {R"~(python3 -c "import re; print(re.sub('a', 'b', 'c').replace('x', 'y'))")~",
          R"~(node -e "const {promisify} = require('util'); const run = promisify(require('child_process').exec)")~",
          R"~(awk '{ if ($3 > 100) print $1 > "out.txt" }' data)~", R"~(perl -pe 's/a/b/g; tr/a-z/A-Z/' README.md)~",
          R"~(ruby -e 'puts [1, 2].map { |x| x * 2 }')~"}) {
        CAPTURE(std::string(script));
        const auto form = form_of_script(script);
        CHECK(!has_fact(form, "code.unknown"));
        CHECK(!has_fact(form, "code.decoded"));
        CHECK(form.commands.size() == 1);
    }
}

TEST_CASE("arguments are known in scripts and code, and files that they name may be read") {
    const auto form = [](owhale::policy::Request request) {
        owhale::policy::Facts facts;
        facts.cwd = facts.workspace = "/home/user/project";
        facts.home = "/home/user";
        return normalize(request, facts);
    };
    const auto code = [](const char* language, const char* text, std::vector<std::string> args) {
        owhale::policy::Request request;
        request.language = language;
        request.code = text;
        request.args = std::move(args);
        return request;
    };
    CHECK(harms(form(code("bash", "rm -rf \"$1\"", {"/home/x"}))));
    CHECK(harms(form(code("python", "import sys, shutil; shutil.rmtree(sys.argv[1])", {"/home/x"}))));
    CHECK(harms(form(code("python", "from sys import argv; import os; os.system(argv[1])", {"rm -rf /home/x"}))));
    CHECK(harms(form(code("javascript", "require('child_process').execSync(process.argv[2])", {"rm -rf /home/x"}))));
    CHECK(harms(form(code("ruby", "system(ARGV[0])", {"rm -rf /home/x"}))));
    CHECK(harms(form(code("bash", "$1 $2 $3", {"rm", "-rf", "/home/x"}))));
    CHECK(harms(form(code("python", "import sys; print(len(sys.argv))", {"/home/user/.ssh/id_rsa"}))));
    CHECK(harms(form_of_script("python3 -c 'import sys; print(open(sys.argv[1]).read())' ~/.ssh/id_rsa")));
    CHECK(harms(form_of_script("python3 -c 'import os, sys; os.execvp(sys.argv[1], sys.argv[1:])' rm -rf /home/x")));
    CHECK(!harms(form(code("python", "import sys; print(sys.argv[1])", {"hello"}))));
}
