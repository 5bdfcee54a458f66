#include "console/pages/pages.h"

namespace zhida::console::pages {

Result<Answer> style(App&, const Call&) {
  Answer answer;
  answer.content_type = "text/css; charset=utf-8";
  answer.headers.emplace_back("Cache-Control", "public, max-age=3600");
  answer.body = R"css(
:root { --ink: #1d2733; --dim: #66748a; --line: #e3e8ef; --ground: #f5f7fa; --card: #fff; --blue: #1f5fbf;
  --good: #1a7f4b; --good-ground: #e5f5ec; --bad: #b3362c; --bad-ground: #fbeae8; --wait: #8a5a00;
  --wait-ground: #fdf3dd; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.6 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
header { display: flex; align-items: center; gap: 28px; padding: 0 28px; height: 56px; background: var(--card);
  border-bottom: 1px solid var(--line); }
.brand { font-size: 19px; font-weight: 700; color: var(--blue); letter-spacing: 2px; }
a { color: var(--blue); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible, button:focus-visible, input:focus-visible, textarea:focus-visible { outline: 2px solid var(--blue); }
nav { display: flex; gap: 4px; flex: 1; flex-wrap: wrap; }
nav a { padding: 6px 12px; border-radius: 6px; color: var(--ink); }
nav a.here { background: #e8f0fc; color: var(--blue); font-weight: 600; }
.me { display: flex; align-items: center; gap: 12px; color: var(--dim); }
main { max-width: 1180px; margin: 24px auto; padding: 0 20px; }
h1 { font-size: 22px; margin: 0 0 16px; } h2 { font-size: 17px; margin: 0 0 12px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  margin-bottom: 18px; overflow-x: auto; }
.narrow { max-width: 440px; margin: 48px auto; }
.flow { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-bottom: 18px; }
.step { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.step b { display: block; font-size: 26px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.step span { color: var(--dim); font-size: 13px; } .step i { font-style: normal; color: var(--blue); font-weight: 600; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; color: var(--dim); font-weight: 500; font-size: 13px; white-space: nowrap; }
th, td { padding: 8px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
.sum { font-variant-numeric: tabular-nums; white-space: nowrap; } td.right, th.right { text-align: right; }
.dim { color: var(--dim); } .small { font-size: 13px; }
.badge { display: inline-block; padding: 0 9px; border-radius: 999px; font-size: 13px; white-space: nowrap; }
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
.badge.wait { background: var(--wait-ground); color: var(--wait); }
.badge.idle { background: #edf0f4; color: var(--dim); }
.alarm { margin: 0; padding: 10px 24px; background: var(--bad-ground); color: var(--bad); font-weight: 600; }
.light { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 8px; background: #b8c1cd; }
.light.good { background: #27a567; } .light.bad { background: #d64a3f; } .light.wait { background: #e0a021; }
.filters { display: flex; gap: 6px; flex-wrap: wrap; margin-bottom: 14px; }
.filters a { padding: 3px 12px; border: 1px solid var(--line); border-radius: 999px; background: var(--card);
  color: var(--ink); font-size: 13px; }
.filters a.here { background: var(--blue); border-color: var(--blue); color: #fff; }
h3 { font-size: 15px; margin: 18px 0 6px; }
input[type=text], input[type=password], input[type=date], select, textarea { width: 100%; padding: 8px 10px;
  border: 1px solid #c9d2de; border-radius: 6px; background: #fff; color: inherit; font: inherit; }
.acts { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 14px; }
.acts form { border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; display: flex;
  flex-direction: column; } .acts p { margin: 0; } .acts .row { margin-top: auto; padding-top: 12px; }
.says p { margin: 4px 0; overflow-wrap: anywhere; } .says b { color: var(--dim); font-weight: 500; }
.says .depth1, .says .depth2, .says .depth3, .says .depth4, .says .depth5, .says .depth6 { position: relative;
  padding-left: 18px; }
.says .depth2 { margin-left: 20px; } .says .depth3 { margin-left: 40px; } .says .depth4 { margin-left: 60px; }
.says .depth5 { margin-left: 80px; } .says .depth6 { margin-left: 100px; }
.says .depth1::before, .says .depth2::before, .says .depth3::before, .says .depth4::before, .says .depth5::before,
.says .depth6::before { content: "•"; position: absolute; left: 4px; color: var(--blue); }
ins { background: var(--good-ground); color: var(--good); text-decoration: none; padding: 1px 4px; border-radius: 4px; }
del { background: var(--bad-ground); color: var(--bad); padding: 1px 4px; border-radius: 4px; }
ins b, del b { color: inherit; }
.slim { max-width: 520px; } summary { cursor: pointer; color: var(--blue); padding: 4px 0; }
table.compact { width: auto; min-width: 480px; } meter { width: 90px; height: 10px; vertical-align: middle; }
label { display: block; margin: 10px 0 4px; color: var(--dim); font-size: 13px; }
button, .button { display: inline-block; padding: 7px 18px; border: 1px solid var(--blue); border-radius: 6px;
  background: var(--blue); color: #fff; font: inherit; cursor: pointer; }
button.no { background: #fff; color: var(--bad); border-color: var(--bad); }
button.quiet { background: none; border: 0; color: var(--dim); padding: 0; }
.row { display: flex; gap: 10px; margin-top: 12px; } .search { display: flex; gap: 10px; margin-bottom: 14px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px 24px; margin: 0; }
.facts dt { color: var(--dim); font-size: 13px; } .facts dd { margin: 0; overflow-wrap: anywhere; }
.note { background: #e8f0fc; border-radius: 8px; padding: 10px 14px; margin-bottom: 16px; }
.note.bad { background: var(--bad-ground); color: var(--bad); }
pre { background: var(--ground); border-radius: 8px; padding: 12px; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; font-size: 13px; }
code { background: var(--ground); padding: 1px 5px; border-radius: 4px; font-size: 13px; }
.empty { text-align: center; color: var(--dim); padding: 28px; }
footer { max-width: 1180px; margin: 0 auto 30px; padding: 0 20px; color: var(--dim); font-size: 12px; }
)css";
  return answer;
}

}  // namespace zhida::console::pages
