"""nginx: the registries, a plain site and git's smart HTTP (through fcgiwrap), each a name of its own, all with TLS too."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from servers import packages

SITE = """
server {{
    listen {address}:80; listen {address}:443 ssl;
    server_name {name}; root {root};
    {more}
}}
"""
GIT = """
    client_max_body_size 0;
    location / {{
        fastcgi_pass unix:{socket};
        fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
        fastcgi_param GIT_PROJECT_ROOT {root}; fastcgi_param GIT_HTTP_EXPORT_ALL "";
        fastcgi_param PATH_INFO $uri; fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
        fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
        fastcgi_param REMOTE_USER somebody; fastcgi_param REMOTE_ADDR $remote_addr;
        fastcgi_read_timeout 20s;
    }}
"""
CONFIG = """
user root; worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    log_format line '$host $scheme $request_method $request_uri $status $ssl_server_name';
    access_log {folder}/access.log line;
    types {{ text/html html; application/json json; }} default_type application/octet-stream;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    sendfile on; keepalive_timeout 30;
    server {{ listen {address}:80 default_server; listen {address}:443 ssl default_server; server_name _; return 421; }}
    {sites}
}}
"""


def wait_for(address, port, process, patience=10):
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing serves at {address}:{port}; {process.args} has ended with {process.poll()}")


def git(*words, cwd=None):
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@outside.test", "-c", "init.defaultBranch=main", *words], cwd=cwd,
                   check=True, capture_output=True, env=environment)


def make_repository(bare, work):
    git("init", "-q", str(work))
    (work / "README").write_text("hello from git\n")
    git("add", ".", cwd=work)
    git("commit", "-q", "-m", "first", cwd=work)
    git("clone", "-q", "--bare", str(work), str(bare))
    for key in ("http.receivepack", "http.uploadpack"):
        git("config", key, "true", cwd=bare)
    git("update-server-info", cwd=bare)


class Static:
    def __init__(self, folder, address, domain, certificate):
        self.folder = pathlib.Path(folder)
        self.roots = self.folder / "sites"
        self.processes = []
        packages.lay_out(self.roots, domain)
        self.repository = self.roots / "git/repo.git"
        make_repository(self.repository, self.folder / "first")
        gateway = self.start_gateway()
        more = {"git": GIT.format(socket=gateway, root=self.roots / "git"), "npm": "index index.json;", "web": "autoindex off;"}
        sites = "".join(SITE.format(address=address, name=f"{one}.{domain}", root=self.roots / one, more=more.get(one, ""))
                        for one in ("web", "npm", "pypi", "crates", "go", "git"))
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=self.folder, address=address, certificate=certificate[0], key=certificate[1], sites=sites))
        self.start([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", str(self.folder), "-c", str(config)])
        wait_for(address, 443, self.processes[-1])

    def start_gateway(self):
        path = self.folder / "git.sock"
        environment = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        self.start([shutil.which("fcgiwrap", path="/usr/sbin:/usr/bin"), "-c", "2", "-s", f"unix:{path}"], environment)
        return path

    def start(self, words, environment=None):
        log = open(self.folder / "servers.log", "ab")
        self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                               env=environment))

    def requests(self):
        """Lines "host scheme method uri status sni"."""
        path = self.folder / "access.log"
        return path.read_text().splitlines() if path.exists() else []

    def stop(self):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            process.wait(10)
