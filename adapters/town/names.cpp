#include "adapters/town/names.h"

namespace zhida::town {

const std::vector<Industry>& industries() {
  // Shares follow what a manufacturing city in the Yangtze delta looks like; every code is a class of the standard.
  static const std::vector<Industry> kIndustries{
      {"C3411", "锅炉设备", 12},   {"C3421", "数控机床", 16}, {"C3434", "输送设备", 18},     {"C3443", "阀门", 16},
      {"C3462", "风机", 12},       {"C3484", "机械配件", 24}, {"C3525", "模具", 22},         {"C3589", "医疗器械", 14},
      {"C3812", "电机", 22},       {"C3841", "锂电池", 18},   {"C3831", "电线电缆", 18},     {"C3873", "舞台灯具", 12},
      {"C3982", "电子电路", 14},   {"C3985", "电子材料", 12}, {"C4012", "电工仪表", 10},     {"C1711", "棉纺", 14},
      {"C1713", "印染", 10},       {"C1742", "丝绸", 18},     {"C1751", "化纤", 16},         {"C1811", "服饰", 14},
      {"C2034", "木地板", 20},     {"C2110", "木制家具", 16}, {"C2231", "纸制品", 10},       {"C2641", "涂料", 8},
      {"C2927", "塑料制品", 12},   {"C3031", "粘土砖瓦", 6},  {"C3130", "钢压延", 8},        {"C3311", "金属结构", 14},
      {"C3670", "汽车零部件", 16}, {"C1331", "食用油", 6},    {"C1530", "茶业", 8},          {"C2740", "中成药", 6},
      {"F5164", "金属材料", 22},   {"F5169", "化工贸易", 18}, {"F5137", "家电批发", 10},     {"F5175", "电气贸易", 24},
      {"F5181", "国际贸易", 22},   {"F5211", "百货", 18},     {"F5212", "超市", 22},         {"F5229", "食品商店", 30},
      {"F5252", "中药", 12},       {"F5292", "电子商务", 30}, {"F5295", "旧货", 16},         {"G5431", "货物运输", 26},
      {"G5442", "物流", 10},       {"G5930", "冷链仓储", 6},  {"G6020", "快递", 8},          {"H6110", "酒店", 10},
      {"H6130", "民宿", 14},       {"H6210", "餐饮", 38},     {"H6241", "餐饮配送", 10},     {"I6410", "网络", 8},
      {"I6432", "互联网生活", 8},  {"I6513", "软件", 18},     {"I6531", "信息系统集成", 12}, {"I6550", "数据", 8},
      {"K7010", "房地产", 10},     {"K7020", "物业", 14},     {"L7119", "设备租赁", 8},      {"L7224", "供应链", 10},
      {"L7251", "广告", 14},       {"L7263", "人力资源", 8},  {"L7291", "旅行社", 6},        {"M7320", "工程研究", 10},
      {"M7452", "检测", 8},        {"M7484", "工程设计", 10}, {"M7514", "节能技术", 8},      {"N7810", "市政养护", 6},
      {"N7840", "园林绿化", 8},    {"O8111", "汽车修理", 18}, {"O8051", "洗浴", 16},         {"Q8425", "门诊部", 8},
      {"R8890", "文化艺术", 8},    {"E4790", "建筑", 16},     {"E4814", "轨道工程", 4},      {"E4852", "管道工程", 8},
      {"E5011", "装饰", 18},       {"A0111", "粮食种植", 8},  {"A0151", "水果种植", 8},      {"A0412", "水产养殖", 14},
      {"J6633", "典当", 3},        {"P8391", "职业培训", 5},
  };
  return kIndustries;
}

const Industry& pick_industry(Random& random) {
  unsigned total = 0;
  for (const Industry& industry : industries()) total += industry.weight;
  auto drawn = random.below(total);
  for (const Industry& industry : industries()) {
    if (drawn < industry.weight) return industry;
    drawn -= industry.weight;
  }
  return industries().front();
}

namespace {
// The last ones are in GBK but not in GB 2312: a system that still speaks GB 2312 would lose them.
const std::vector<std::string> kBrandCharacters{
    "安", "邦", "博", "昌", "晨", "诚", "达", "德", "东", "鼎", "丰", "福", "光", "广", "海", "浩", "恒", "宏",
    "鸿", "华", "汇", "嘉", "健", "金", "锦", "京", "晶", "精", "聚", "凯", "康", "科", "乐", "立", "联", "龙",
    "隆", "茂", "美", "明", "宁", "鹏", "启", "千", "庆", "荣", "瑞", "润", "森", "升", "盛", "石", "泰", "天",
    "通", "万", "维", "伟", "祥", "新", "信", "兴", "旭", "雅", "洋", "耀", "益", "永", "优", "宇", "源", "远",
    "云", "泽", "振", "正", "志", "中", "卓", "苕", "莫", "喆", "镕", "堃", "犇", "甡", "垚", "昇", "弢", "晔"};
const std::vector<std::string> kBeyondGbk{"㐀", "𠮷", "㛃", "𬭚"};
const std::vector<std::string> kFamilyNames{"王", "李", "张", "沈", "陈", "杨", "赵", "吴", "周", "徐", "孙",
                                            "朱", "钱", "费", "章", "潘", "姚", "闵", "凌", "钮", "慎", "欧阳"};
const std::vector<std::string> kGivenNames{"伟", "芳", "建国", "秀英", "敏", "静", "丽",   "强",
                                           "磊", "军", "洋",   "勇",   "艳", "杰", "娟",   "涛",
                                           "明", "超", "桂兰", "霞",   "平", "喆", "雪琴", "志远"};
const std::vector<std::string> kRoads{"人民路",   "环城西路", "外环东路", "二里桥路", "港南路",
                                      "工业大道", "创业路",   "湖织大道", "太湖路",   "画溪大道"};
}  // namespace

std::string brand(Random& random, int characters) {
  std::string text;
  for (int i = 0; i < characters; ++i) text += random.pick(kBrandCharacters);
  return text;
}

std::string brand_beyond_gbk(Random& random) {
  return random.pick(kBeyondGbk) + random.pick(kBrandCharacters);
}

std::string person_name(Random& random) {
  return random.pick(kFamilyNames) + random.pick(kGivenNames);
}

std::string place_name(std::string_view division) {
  if (division == "330502") return "吴兴";
  if (division == "330503") return "南浔";
  return division == "330522" ? "长兴" : "湖州";
}

std::string address(Random& random, std::string_view division) {
  const std::string county = division == "330522" ? "长兴县" : place_name(division) + "区";
  return "浙江省湖州市" + county + random.pick(kRoads) + std::to_string(random.between(1, 1899)) + "号" +
         (random.percent(30) ? std::to_string(random.between(1, 12)) + "幢" : "");
}

}  // namespace zhida::town
