// JSON Schema 2020-12 of what the tools take (as arguments.hpp reads it) and answer.
#include "mcp/tool.hpp"

namespace owhale::mcp::schema {

// What run_command and run_code share.
#define OWHALE_RUN_PROPERTIES                                                                                                                                                                                                                                                     \
    R"("cwd":{"type":"string","minLength":1,"maxLength":4096,"description":"Absolute folder to run in. Its git top level, or the folder itself, is the writable workspace. Without it: the folder that your client works in, where it tells; else an empty private one."},)"      \
    R"("workspace":{"type":"string","minLength":1,"maxLength":4096,"description":"Absolute folder that is the writable workspace instead."},)"                                                                                                                                    \
    R"("env":{"type":"object","maxProperties":256,"additionalProperties":{"type":"string"},"description":"Environment variables to add. No secrets: name these in `secrets`."},)"                                                                                                 \
    R"("timeout":{"type":"integer","minimum":0,"maximum":31536000,"description":"Ends the run after so many seconds; 0 never."},)"                                                                                                                                                \
    R"("profile":{"type":"string","minLength":1,"maxLength":64,"description":"What the cage shows and permits; \"default\" when left out."},)"                                                                                                                                    \
    R"("stdin":{"type":"string","description":"Standard input, whole."},)"                                                                                                                                                                                                        \
    R"("stdin_open":{"type":"boolean","description":"Keeps standard input open for send_input."},)"                                                                                                                                                                               \
    R"("net":{"type":"string","enum":["none","scoped","host"],"description":"none: no network; scoped: only hosts that are allowed, by name; host: the machine's own, which needs a person's consent."},)"                                                                        \
    R"("allow_hosts":{"type":"array","maxItems":64,"items":{"type":"string","minLength":1,"maxLength":300},"description":"Hosts that the run may reach, HOST or HOST:PORT, with net scoped."},)"                                                                                  \
    R"("secrets":{"type":"array","maxItems":32,"items":{"type":"string","minLength":1,"maxLength":200},"description":"Names of stored secrets to use: the run sees a placeholder, and owhaled puts the value in where it may go. NAME=env shows the value itself to the run."},)" \
    R"("description":{"type":"string","maxLength":4096,"description":"Why you want to run it: shown, as your words, to a person who is asked."},)"                                                                                                                                \
    R"("wait":{"type":"integer","minimum":0,"maximum":45,"description":"Seconds to wait for its end; 45 when left out."},)"                                                                                                                                                       \
    R"("max_output":{"type":"integer","minimum":1024,"maximum":65536,"description":"Bytes of each stream in the answer, half of them from its start and half from its end; 16384 when left out."})"

const std::string_view run_command =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("command":{"type":"string","minLength":1,"description":"A shell command or script. Give this or argv."},)"
    R"("argv":{"type":"array","minItems":1,"maxItems":10000,"items":{"type":"string"},"description":"A program and its arguments, without a shell."},)" OWHALE_RUN_PROPERTIES
    "}}";

const std::string_view run_code =
    R"({"type":"object","additionalProperties":false,"required":["language","code"],"properties":{)"
    R"("language":{"type":"string","enum":["python","javascript","typescript","bash","perl","ruby"]},)"
    R"("code":{"type":"string","minLength":1},)"
    R"("args":{"type":"array","maxItems":10000,"items":{"type":"string"},"description":"Arguments of the program."},)" OWHALE_RUN_PROPERTIES
    "}}";

#undef OWHALE_RUN_PROPERTIES

const std::string_view check_command =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("command":{"type":"string","minLength":1,"description":"A shell command or script. Give this, argv, or language and code."},)"
    R"("argv":{"type":"array","minItems":1,"maxItems":10000,"items":{"type":"string"}},)"
    R"("language":{"type":"string","enum":["python","javascript","typescript","bash","perl","ruby"]},)"
    R"("code":{"type":"string","minLength":1},)"
    R"("cwd":{"type":"string","minLength":1,"maxLength":4096,"description":"Absolute folder that it would run in."},)"
    R"("workspace":{"type":"string","minLength":1,"maxLength":4096},)"
    R"("env":{"type":"object","maxProperties":256,"additionalProperties":{"type":"string"}},)"
    R"("profile":{"type":"string","minLength":1,"maxLength":64},)"
    R"("net":{"type":"string","enum":["none","scoped","host"]}}})";

const std::string_view list_runs =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("state":{"type":"string","enum":["queued","waiting_approval","starting","running","exited","signaled","timed_out","limit_exceeded","killed","denied","expired","cancelled","failed","lost"],"description":"Only runs in this state."},)"
    R"("limit":{"type":"integer","minimum":1,"maximum":50,"description":"At most so many; 20 when left out."},)"
    R"("before":{"type":"string","maxLength":64,"description":"Runs made before this one: `next` of the answer before."}}})";

const std::string_view get_output =
    R"({"type":"object","additionalProperties":false,"required":["run"],"properties":{)"
    R"("run":{"type":"string","minLength":36,"maxLength":36,"description":"The id of the run."},)"
    R"("stream":{"type":"string","enum":["stdout","stderr"],"description":"stdout when left out."},)"
    R"("offset":{"type":"integer","minimum":0,"maximum":9007199254740991,"description":"First byte wanted; 0 when left out."},)"
    R"("length":{"type":"integer","minimum":1,"maximum":65536,"description":"At most so many bytes; 16384 when left out."},)"
    R"("wait":{"type":"integer","minimum":0,"maximum":45,"description":"Seconds to wait for the run's end first; 0 when left out."}}})";

const std::string_view send_input =
    R"({"type":"object","additionalProperties":false,"required":["run"],"properties":{)"
    R"("run":{"type":"string","minLength":36,"maxLength":36,"description":"The id of the run."},)"
    R"("text":{"type":"string","maxLength":65536,"description":"Text to write; end a line with \n."},)"
    R"("base64":{"type":"string","maxLength":87384,"description":"Bytes to write, in base64, instead of text."},)"
    R"("close":{"type":"boolean","description":"Ends the input after that."}}})";

const std::string_view kill_run =
    R"({"type":"object","additionalProperties":false,"required":["run"],"properties":{)"
    R"("run":{"type":"string","minLength":36,"maxLength":36,"description":"The id of the run."},)"
    R"("signal":{"type":"string","minLength":1,"maxLength":16,"description":"Sends this signal alone, such as INT or HUP."}}})";

// --- answers

#define OWHALE_ERROR                                                                                                   \
    R"("error":{"type":"object","additionalProperties":false,"required":["code","message"],"properties":{"code":{"type":"string"},"message":{"type":"string"},"next":{"type":"string"},"retry_after":{"type":"integer","minimum":0}}})"
#define OWHALE_VERDICT                                                                                                 \
    R"("verdict":{"type":"object","additionalProperties":false,"required":["decision","reason","rule"],"properties":{"decision":{"type":"string","enum":["allow","ask","deny"]},"reason":{"type":"string"},"rule":{"type":"string"},"severity":{"type":"string"},"segment":{"type":"string"},"change":{"type":"string","description":"The smallest rule that would change the verdict."}}})"
#define OWHALE_STREAM(NAME)                                                                                            \
    "\"" NAME "\":{\"type\":\"string\"},\"" NAME "_encoding\":{\"type\":\"string\",\"const\":\"base64\"},\"" NAME      \
    "_length\":{\"type\":\"integer\",\"minimum\":0},\"" NAME                                                           \
    "_omitted\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"offset\",\"length\"],"             \
    "\"properties\":{\"offset\":{\"type\":\"integer\",\"minimum\":0},\"length\":{\"type\":\"integer\",\"minimum\":0}}" \
    "}"
#define OWHALE_STATE                                                                                                   \
    R"("id":{"type":"string"},"state":{"type":"string"},"exit_code":{"type":"integer"},"signal":{"type":"string"},"limit":{"type":"string"},"approval":{"type":"string"})"

const std::string_view ran =
    R"({"type":"object","additionalProperties":false,"properties":{)" OWHALE_STATE
    "," OWHALE_STREAM("stdout") "," OWHALE_STREAM(
        "stderr") "," OWHALE_VERDICT "," OWHALE_ERROR
                  R"(,"hints":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["what","next"],"properties":{"what":{"type":"string"},"next":{"type":"string"}}}}}})";

const std::string_view verdict =
    R"({"type":"object","additionalProperties":false,"properties":{)" OWHALE_VERDICT "," OWHALE_ERROR "}}";

const std::string_view runs =
    R"({"type":"object","additionalProperties":false,"properties":{"runs":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","state","command","created"],"properties":{)" OWHALE_STATE
    R"(,"command":{"type":"string"},"cwd":{"type":"string"},"created":{"type":"string"},"ended":{"type":"string"}}}},"next":{"type":"string"},)" OWHALE_ERROR
    "}}";

const std::string_view output =
    R"({"type":"object","additionalProperties":false,"properties":{)" OWHALE_STATE
    R"(,"stream":{"type":"string","enum":["stdout","stderr"]},"offset":{"type":"integer","minimum":0},"text":{"type":"string"},"encoding":{"type":"string","const":"base64"},"next_offset":{"type":"integer","minimum":0},"total_length":{"type":"integer","minimum":0},)" OWHALE_ERROR
    "}}";

const std::string_view input =
    R"({"type":"object","additionalProperties":false,"properties":{"bytes":{"type":"integer","minimum":0},"pending":{"type":"boolean"},"closed":{"type":"boolean"},)" OWHALE_ERROR
    "}}";

const std::string_view killed =
    R"({"type":"object","additionalProperties":false,"properties":{)" OWHALE_STATE "," OWHALE_ERROR "}}";

#undef OWHALE_ERROR
#undef OWHALE_VERDICT
#undef OWHALE_STREAM
#undef OWHALE_STATE

} // namespace owhale::mcp::schema
