"""The national code lists that the forms ask for, with the words that stand on paper. Pure.

Source: section 2 of `docs/national-api`. A cell may hold the code, the code without its leading zero, or the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MAINLAND: Final = "01"

_ETHNICITIES: Final = (
    "汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 "
    "土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 "
    "景颇族 柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 "
    "阿昌族 普米族 塔吉克族 怒族 乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 "
    "塔塔尔族 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族"
)


def _listed(text: str) -> Mapping[str, str]:
    """`01 first, 02 second` as code to words."""
    return MappingProxyType(dict(entry.strip().split(" ", 1) for entry in text.split(",")))


LISTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "id_type": _listed(
            "01 居民身份证, 02 香港居民证件, 03 澳门居民证件, 04 台湾居民证件, 05 护照, 06 军官证, 07 士兵证, 99 其他"
        ),
        "sex": MappingProxyType({"male": "男", "female": "女"}),
        "politics": _listed(
            "01 中共党员, 02 中共预备党员, 03 共青团员, 04 民革, 05 民盟, 06 民建, 07 民进, 08 农工党, 09 致公党, 10 九三学社,"
            " 11 台盟, 12 无党派人士, 13 群众, 20 其他"
        ),
        "ethnicity": MappingProxyType(
            {f"{number:02}": name for number, name in enumerate(_ETHNICITIES.split(), 1)}
            | {"97": "其他", "98": "外国血统中国籍人士"}
        ),
        "education": _listed(
            "11 博士, 14 硕士, 20 本科, 30 大专, 40 中专, 50 技工学校, 60 高中, 70 初中, 80 小学, 90 幼儿园, 91 学龄前,"
            " 98 特殊教育, 99 其他, 00 文盲"
        ),
        "occupation": _listed(
            "11 公务员, 13 专业技术人员, 17 职员, 21 企业管理人员, 24 工人, 27 农民, 31 学生, 37 现役军人, 51 自由职业者,"
            " 54 个体经营者, 70 无业人员, 80 退休人员, 90 其他"
        ),
        "categories": _listed(
            "0001 社区服务, 0002 扶贫减贫, 0003 支教助学, 0004 卫生健康, 0005 法律服务, 0006 环境保护, 0007 科技科普,"
            " 0008 文化艺术, 0009 平安综治, 0010 文明风尚, 0011 交通引导, 0012 志愿消防, 0013 应急救援, 0014 禁毒宣传,"
            " 0015 体育健身, 0016 旅游服务, 0017 关爱特殊群体, 0018 大型活动, 0019 海外志愿服务, 0020 税收服务, 0099 其他"
        ),
        "skills": _listed(
            "01 医疗急救, 02 体育, 03 驾驶, 04 法律, 05 信息, 06 经营, 07 公关, 08 教育, 09 电器维修, 10 安保, 11 财会, 12 设计,"
            " 13 客服, 14 物业, 15 写作, 16 外语, 17 音乐, 18 心理, 19 护理, 20 手工, 21 文艺, 22 网络, 23 摄影, 99 其他"
        ),
        "recruiting_kind": MappingProxyType(
            {"own_unit": "所在单位", "team": "志愿服务队", "centre": "志愿服务中心", "station": "志愿服务站点"}
        ),
        "record_office": MappingProxyType(
            {"guidance_centre": "普洱市志愿服务发展指导中心", "federation": "普洱市志愿服务联合会"}
        ),
        "unit_level": MappingProxyType({"city": "市直及中央、省驻普单位", "county": "县（区）、乡镇、社区及其他"}),
    }
)


BODY_TYPES: Final = _listed(
    "01 党政机关, 02 教育事业单位, 03 卫生事业单位, 04 科技事业单位, 05 文化事业单位, 06 福利事业单位, 07 其他事业单位,"
    " 08 群团组织, 09 居委会, 10 村委会, 11 国有企业, 12 非国有企业, 13 社会团体, 14 社会服务机构, 15 基金会, 16 社会组织,"
    " 17 代码 17, 18 代码 18, 99 其他"
)
"""Kinds of bodies behind teams. What 17 and 18 mean is not known."""


@lru_cache(maxsize=4_096)
def code_of(name: str, written: str) -> str | None:
    """The code that was meant; None for what is in no list."""
    return code_in(LISTS[name], written)


def code_in(known: Mapping[str, str], written: str) -> str | None:
    """The code of a list that was meant."""
    if written in known:
        return written
    if written.isdigit() and written.zfill(2) in known:
        return written.zfill(2)
    return next((code for code, words in known.items() if written in (words, words.removesuffix("族"))), None)


def words_of(name: str, codes: str | None) -> str:
    """What stands on paper for one code, or for several that are joined by commas."""
    return "、".join(LISTS[name].get(code, code) for code in (codes or "").split(",") if code)
