/** Words for random names: short, plain, easily spelled over the phone, and harmless in any pair. */
export const ADJECTIVES =
  `amber ample azure bold brave brief bright brisk broad calm candid clean clear clever cool coral crisp curly dapper
  deep eager early easy even fair fancy fast fine firm fleet fond frank free fresh full gentle glad golden good grand
  great green happy hardy honest humble ideal ivory jolly keen kind large light lively lofty loyal lucid lucky mellow
  merry mild misty modest neat nimble noble olive open patient plain polar polite prime proud quick quiet rapid ready
  regal ripe robust rosy round royal rustic sage sandy scenic serene sharp shiny silent silver simple sleek smart
  smooth snowy soft solar solid spare spry stable steady still stout sturdy subtle sunny sure swift tall tidy tranquil
  true trusty upbeat usable vast velvet vivid warm wide willing windy wise witty young zesty`.split(/\s+/);

export const NOUNS =
  `acorn alder anchor apple arbor aspen aurora badger bamboo basin bay beacon beaver birch bison bloom breeze bridge
  brook canyon cape cedar cherry cliff cloud clover comet coral cove crane creek daisy dawn delta dune eagle ember falcon
  fern field finch fjord forest fox garden geyser glacier glade grove gull harbor hazel heron hill hollow island ivy
  jasper juniper kestrel lagoon lake lantern lark laurel leaf lily linden lynx maple marsh meadow mesa mint moon moss
  mountain oak oasis ocean orchard orchid otter owl palm path pebble pine planet plum pond poplar prairie puffin quail
  quartz rain raven reef ridge river robin rock sail sequoia shore sky snow sparrow spring spruce star stone stream
  summit swallow swan thicket tide trail tulip tundra valley violet wave willow wind wood wren`.split(/\s+/);
